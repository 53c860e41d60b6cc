/** @file
 * The objects that adit understands, as typed values with API-server defaults applied and validated as the CRDs
 * validate them. Made by schema/decode.h; everything is arena and immutable.
 * Source: Gateway API v1.6 types; gateway-semantics. */
#ifndef ADIT_SCHEMA_OBJECT_H
#define ADIT_SCHEMA_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/text.h"

#define NO_TIMESTAMP INT64_MAX /**< an absent creationTimestamp counts as newest */

/** A key and its value: labels, annotations. */
struct pair {
	const char *key, *value;
	struct span span;
};

struct meta {
	const char *name_space;       /**< never NULL for namespaced kinds: the default is filled in */
	const char *name;
	const char *key;              /**< "namespace/name", or "name" for cluster-scoped kinds */
	struct pair *labels;
	size_t label_count;
	struct pair *annotations;
	size_t annotation_count;
	int64_t created_s;            /**< seconds since 1970, or NO_TIMESTAMP */
	struct span span;             /**< of the object (its first key) */
	/* What the annotations adit.cnap.tech/... say; already validated. */
	const struct json *origin_request; /**< as the API takes it (durations in seconds); NULL when absent */
	bool dns_off;                 /**< dns: "false" */
	bool protect;                 /**< protect: "true" */
	bool ignore;                  /**< ignore: "true": as if the object were not there */
};

struct gateway_class {
	struct meta meta;
	const char *controller_name;
};

enum listener_protocol { PROTOCOL_HTTP, PROTOCOL_HTTPS, PROTOCOL_TLS, PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_OTHER };
enum routes_from { ROUTES_FROM_SAME, ROUTES_FROM_ALL, ROUTES_FROM_SELECTOR, ROUTES_FROM_NONE };
enum selector_operator { SELECTOR_IN, SELECTOR_NOT_IN, SELECTOR_EXISTS, SELECTOR_DOES_NOT_EXIST };

struct selector_requirement {
	const char *key;
	enum selector_operator op;
	const char **values;
	size_t value_count;
};

/** metav1.LabelSelector; matchLabels are turned into In requirements. */
struct label_selector {
	bool is_present;              /**< false: the field was absent (a listener then admits nothing) */
	struct selector_requirement *requirements;
	size_t requirement_count;
};

struct group_kind {
	const char *group, *kind;
	struct span span;
};

struct listener {
	const char *name;
	const char *hostname;         /**< NULL: any */
	int32_t port;
	enum listener_protocol protocol;
	const char *protocol_text;
	enum routes_from from;
	struct label_selector selector;
	struct group_kind *kinds;     /**< allowedRoutes.kinds as given */
	size_t kind_count;
	struct span span;
	struct span hostname_span;
};

/** A policy that closes what it covers, as the owner of a shared Gateway found it. */
struct shared_policy {
	const char *feature, *reason;
};

/** A Gateway that another project owns, as that project recorded it. */
struct shared_gateway {
	const char *owner;            /**< the project */
	const char *account_id, *tunnel_id, *tunnel_name;
	const struct shared_policy *policy;             /**< covers every rule; NULL: none */
	const struct shared_policy **listener_policies; /**< one per listener; NULL entries: none */
};

struct gateway {
	struct meta meta;
	const char *class_name;
	struct span class_span;
	struct listener *listeners;
	size_t listener_count;
	bool is_default;              /**< spec.defaultScope: All */
	const struct shared_gateway *shared; /**< NULL: the project's own */
};

struct parent_ref {
	const char *group, *kind;     /**< defaults filled in */
	const char *name_space;       /**< the route's when absent */
	const char *name;
	const char *section_name;     /**< NULL when absent */
	int32_t port;                 /**< 0 when absent */
	struct span span;
};

enum path_type { PATH_EXACT, PATH_PREFIX, PATH_REGEX };

struct http_match {
	enum path_type path_type;     /**< default PathPrefix */
	const char *path;             /**< default "/" */
	const char *method;           /**< NULL when absent */
	size_t header_count, query_count;
	const char *condition;        /**< what else it tests, for messages: "header x-beta", "method GET"; NULL if only a path */
	struct span span;             /**< of the match (of the rule when defaulted) */
	struct span path_span;
};

enum filter_type {
	FILTER_REQUEST_HEADERS, FILTER_RESPONSE_HEADERS, FILTER_MIRROR, FILTER_REDIRECT, FILTER_REWRITE, FILTER_CORS,
	FILTER_EXTERNAL_AUTH, FILTER_EXTENSION
};

struct http_filter {
	enum filter_type type;
	const char *type_text;
	const char *hostname;         /**< rewrite or redirect; NULL when absent */
	const char *scheme;           /**< redirect; NULL when absent */
	int32_t port;                 /**< redirect; 0 when absent */
	int32_t status;               /**< redirect; default 302 */
	bool has_path;                /**< rewrite or redirect */
	struct span span;
};

struct backend_ref {
	const char *group, *kind;     /**< defaults "" and "Service" */
	const char *name_space;       /**< the route's when absent */
	bool has_namespace;
	const char *name;
	int32_t port;                 /**< 0 when absent */
	int32_t weight;               /**< default 1 */
	size_t filter_count;
	struct span span;
};

struct http_rule {
	const char *name;             /**< NULL when absent */
	struct http_match *matches;   /**< never empty: the default match is filled in */
	size_t match_count;
	struct http_filter *filters;
	size_t filter_count;
	struct backend_ref *backends;
	size_t backend_count;
	bool has_timeouts;            /**< other than 0s */
	bool has_retry, has_session_persistence;
	struct span span;
};

struct http_route {
	struct meta meta;
	struct parent_ref *parents;
	size_t parent_count;
	const char **hostnames;
	struct span *hostname_spans;
	size_t hostname_count;
	struct http_rule *rules;      /**< never empty: an absent list is one rule with the default match */
	size_t rule_count;
	bool use_default_gateways;    /**< spec.useDefaultGateways: All */
};

/** GRPCRoute, TLSRoute, TCPRoute, UDPRoute, ListenerSet: known, not expressible. */
struct other_route {
	struct meta meta;
	const char *kind;
	struct parent_ref *parents;
	size_t parent_count;
	const char **hostnames;
	size_t hostname_count;
	bool use_default_gateways;
};

struct reference_from {
	const char *group, *kind, *name_space;
};
struct reference_to {
	const char *group, *kind, *name; /**< name NULL: any */
};
struct reference_grant {
	struct meta meta;
	struct reference_from *from;
	size_t from_count;
	struct reference_to *to;
	size_t to_count;
};

struct policy_target {
	const char *group, *kind, *name_space, *name; /**< name NULL with a selector */
	const char *section_name;                     /**< NULL when absent */
	struct label_selector selector;               /**< targetSelectors; is_present false otherwise */
	struct span span;
};

struct backend_tls_policy {
	struct meta meta;
	struct policy_target *targets;
	size_t target_count;
	const char *hostname;
	bool uses_system_cas;         /**< validation.wellKnownCACertificates: System */
	size_t ca_ref_count, san_count;
};

/** Any other object with spec.targetRef, targetRefs or targetSelectors. */
struct policy {
	struct meta meta;
	const char *group, *kind;
	struct policy_target *targets;
	size_t target_count;
};

struct namespace_object {
	struct meta meta;
};

struct service_port {
	const char *name;             /**< NULL when absent */
	int32_t port;
	const char *protocol;         /**< default TCP */
	int32_t target_port;          /**< number; 0 when named or absent */
	const char *target_port_name; /**< NULL unless named */
	const char *app_protocol;     /**< NULL when absent */
};

struct service {
	struct meta meta;
	bool is_headless;             /**< clusterIP: None */
	bool is_external_name;
	struct service_port *ports;
	size_t port_count;
};

/** One entry of a native Tunnel's ingress. */
struct native_rule {
	const char *hostname;         /**< NULL: any */
	const char *path;             /**< NULL when absent */
	enum path_type path_type;     /**< default PathPrefix */
	const char *service;
	const struct json *origin_request; /**< as the API takes it (durations in seconds); NULL when absent */
	struct span span, hostname_span, path_span, service_span;
};

/** kind: Tunnel, apiVersion adit.cnap.tech/v1. */
struct native_tunnel {
	struct meta meta;             /**< name_space is "", key is the name */
	const char *account;          /**< NULL: the only one */
	struct span account_span;
	struct native_rule *rules;
	size_t rule_count;
	const char *catch_all;        /**< default http_status:404 */
	struct span catch_all_span;
	const struct json *origin_request; /**< top level; NULL when absent */
	bool dns;                     /**< default true */
};

/** How many objects of one foreign kind were skipped. */
struct skipped_kind {
	const char *group, *kind;
	size_t count;
};

/** All objects of one run; arrays in the order they were read. */
struct objects {
	struct gateway_class **classes;          size_t class_count, class_capacity;
	struct gateway **gateways;               size_t gateway_count, gateway_capacity;
	struct http_route **routes;              size_t route_count, route_capacity;
	struct other_route **others;             size_t other_count, other_capacity;
	struct reference_grant **grants;         size_t grant_count, grant_capacity;
	struct backend_tls_policy **tls_policies; size_t tls_policy_count, tls_policy_capacity;
	struct policy **policies;                size_t policy_count, policy_capacity;
	struct namespace_object **namespaces;    size_t namespace_count, namespace_capacity;
	struct service **services;               size_t service_count, service_capacity;
	struct native_tunnel **tunnels;          size_t tunnel_count, tunnel_capacity;
	struct skipped_kind *skipped;            size_t skipped_count, skipped_capacity; /**< sorted by group, kind once complete */
	size_t document_count;
	size_t invalid_count;                    /**< documents that were refused */
	size_t hidden_count;                     /**< of them, those that may shape or protect what others serve, or of no known kind */
	char digest[65];                         /**< of the texts, hex; set by who read them */
};

/** The value of annotation @p key, or NULL. @param ret_span its place; may be NULL */
const char *meta_annotation(const struct meta *meta, const char *key, struct span *ret_span);

#endif
