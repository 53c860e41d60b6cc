/** @file
 * Formats of single values, as Kubernetes and the Gateway API's CRDs define them. Predicates without state or
 * allocation, since a large input asks them millions of times. Lengths are limits of the schema tables, not of these. */
#ifndef ADIT_SCHEMA_DECODE_FORMAT_H
#define ADIT_SCHEMA_DECODE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** One or more DNS-1123 labels, joined by dots. */
bool format_is_subdomain(const char *text, size_t size);
/** The same, with an optional first label "*". */
bool format_is_hostname(const char *text, size_t size);
/** One DNS-1123 label: a-z, 0-9 and '-', the last not at the ends. */
bool format_is_label(const char *text, size_t size);
/** One DNS-1035 label: as above, starting with a letter; the name of a Service. */
bool format_is_service_name(const char *text, size_t size);
/** "" or a subdomain: an API group. */
bool format_is_group(const char *text, size_t size);
/** Letters, digits and '-', starting with a letter and not ending with '-': a kind. */
bool format_is_kind(const char *text, size_t size);
/** A token of RFC 9110: the name of a header or query parameter. */
bool format_is_header_name(const char *text, size_t size);
/** Printable ASCII, single spaces or tabs between. */
bool format_is_header_value(const char *text, size_t size);
/** Empty, or what Go sends as a Host header (httpguts.ValidHostHeader, after IDNA): no control character, no space. */
bool format_is_host_header(const char *text, size_t size);
/** GEP-2257: one to four numbers of up to five digits, each with h, m, s or ms. */
bool format_is_duration(const char *text, size_t size);
/** Milliseconds of a text for which format_is_duration() holds. */
int64_t format_duration_ms(const char *text);
/** "domain/path" of a GatewayClass. */
bool format_is_controller(const char *text, size_t size);
/** What a URL path may consist of, percent-encoded octets included; not empty. */
bool format_is_path(const char *text, size_t size);
/** The key of a label or annotation: an optional "domain/", then a name of up to 63 characters. */
bool format_is_qualified_name(const char *text, size_t size);
/** The value of a label: empty, or letters, digits, '-', '_' and '.', the first and last a letter or digit. */
bool format_is_label_value(const char *text, size_t size);
/** An IPv4 or IPv6 address. */
bool format_is_ip(const char *text, size_t size);
/** An IP network such as "10.0.0.0/8". */
bool format_is_cidr(const char *text, size_t size);
/** Characters (not bytes) of a text in UTF-8. */
size_t format_length(const char *text, size_t size);

#endif
