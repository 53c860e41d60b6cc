/* Content of records, by type. */
#include <arpa/inet.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "server/simulator/record.h"

#define CONTENT_BYTES 4096

static const char *const caa_fields[] = {"flags", "tag", "value", NULL};
static const char *const cert_fields[] = {"type", "key_tag", "algorithm", "certificate", NULL};
static const char *const dnskey_fields[] = {"flags", "protocol", "algorithm", "public_key", NULL};
static const char *const ds_fields[] = {"key_tag", "algorithm", "digest_type", "digest", NULL};
static const char *const svcb_fields[] = {"priority", "target", "value", NULL};
static const char *const loc_fields[] = {
	"lat_degrees", "lat_minutes", "lat_seconds", "lat_direction", "long_degrees", "long_minutes",
	"long_seconds", "long_direction", "altitude", "size", "precision_horz", "precision_vert", NULL,
};
static const char *const naptr_fields[] = {
	"order", "preference", "flags", "service", "regex", "replacement", NULL,
};
static const char *const no_fields[] = {NULL};
static const char *const tlsa_fields[] = {"usage", "selector", "matching_type", "certificate", NULL};
static const char *const srv_fields[] = {"priority", "weight", "port", "target", NULL};
static const char *const sshfp_fields[] = {"algorithm", "type", "fingerprint", NULL};
static const char *const uri_fields[] = {"weight", "target", NULL};

static const struct record_type types[] = {
	{"A", CONTENT_IPV4, true, false, NULL},
	{"AAAA", CONTENT_IPV6, true, false, NULL},
	{"CAA", CONTENT_DATA, false, false, caa_fields},
	{"CERT", CONTENT_DATA, false, false, cert_fields},
	{"CNAME", CONTENT_HOST, true, false, NULL},
	{"DNSKEY", CONTENT_DATA, false, false, dnskey_fields},
	{"DS", CONTENT_DATA, false, false, ds_fields},
	{"HTTPS", CONTENT_DATA, false, false, svcb_fields},
	{"LOC", CONTENT_DATA, false, false, loc_fields},
	{"MX", CONTENT_HOST, false, true, NULL},
	{"NAPTR", CONTENT_DATA, false, false, naptr_fields},
	{"NS", CONTENT_HOST, false, false, NULL},
	{"OPENPGPKEY", CONTENT_DATA, false, false, no_fields},
	{"PTR", CONTENT_HOST, false, false, NULL},
	{"SMIMEA", CONTENT_DATA, false, false, tlsa_fields},
	{"SRV", CONTENT_DATA, false, false, srv_fields},
	{"SSHFP", CONTENT_DATA, false, false, sshfp_fields},
	{"SVCB", CONTENT_DATA, false, false, svcb_fields},
	{"TLSA", CONTENT_DATA, false, false, tlsa_fields},
	{"TXT", CONTENT_TEXT, false, false, NULL},
	{"URI", CONTENT_DATA, false, true, uri_fields},
};

const struct record_type *record_type_find(const char *name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (str_eq(types[i].name, name))
			return &types[i];
	}
	return NULL;
}

static enum rc refuse_content(struct call *call, const struct record *record)
{
	return call_refuse_chain(call, 9007, "Content for %s record is invalid.", record->type);
}

static enum rc normalise_address(struct call *call, int family, struct record *record)
{
	unsigned char bytes[sizeof(struct in6_addr)];
	char text[INET6_ADDRSTRLEN];

	if (inet_pton(family, record->content, bytes) != 1 || !inet_ntop(family, bytes, text, sizeof(text)))
		return call_refuse(call, 400, family == AF_INET ? 9005 : 9006,
				   "Content for %s record must be a valid %s address.",
				   record->type, family == AF_INET ? "IPv4" : "IPv6");
	record->content = arena_strdup(call->arena, text);
	return record->content ? RC_OK : RC_NOMEM;
}

static bool is_address(const char *text)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

static enum rc normalise_host(struct call *call, struct record *record)
{
	enum rc rc;

	if (is_address(record->content))
		return refuse_content(call, record);
	if (str_eq(record->content, "@")) {
		record->content = call->zone->name;
	} else {
		rc = record_name_to_ascii(call->arena, record->content, &record->content);
		if (rc == RC_INVALID)
			return refuse_content(call, record);
		if (rc)
			return rc;
	}
	if (str_eq(record->type, "CNAME") && str_eq(record->content, record->name))
		return call_refuse_chain(call, 9039, "CNAME content cannot reference itself.");
	return RC_OK;
}

static bool add_data_field(struct strbuf *out, const struct json *value, bool quoted)
{
	if (out->size > 0)
		strbuf_addc(out, ' ');
	if (value->type == JSON_STRING)
		strbuf_addf(out, quoted ? "\"%s\"" : "%s", value->u.string);
	else if (value->type == JSON_NUMBER)
		strbuf_addf(out, "%.10g", value->u.number);
	else
		return false;
	return true;
}

/* The content of a structured record is its fields, in the order of its zone-file form. */
static enum rc compose(struct call *call, const struct record_type *type, const struct json *data,
		       struct record *record)
{
	struct strbuf out;
	enum rc rc = RC_OK;

	strbuf_init(&out, CONTENT_BYTES + 1);
	for (size_t i = 0; !rc && type->data_fields[i]; i++) {
		const struct json *value = json_get(data, type->data_fields[i]);
		bool quoted = str_eq(type->name, "CAA") && str_eq(type->data_fields[i], "value");

		if (!value || !add_data_field(&out, value, quoted))
			rc = call_refuse_chain(call, 9101, "%s is a required data field.", type->data_fields[i]);
	}
	if (!rc && strbuf_failed(&out))
		rc = refuse_content(call, record);
	if (!rc) {
		record->content = arena_strdup(call->arena, strbuf_text(&out));
		rc = record->content ? RC_OK : RC_NOMEM;
	}
	strbuf_done(&out);
	return rc;
}

enum rc record_normalise_content(struct call *call, const struct record_type *type, const struct json *data,
				 struct record *record)
{
	enum rc rc = RC_OK;

	if (type->kind == CONTENT_DATA && data && type->data_fields[0])
		rc = compose(call, type, data, record);
	if (rc)
		return rc;
	if (str_is_empty(record->content))
		return refuse_content(call, record);
	if (strlen(record->content) > CONTENT_BYTES)
		return call_refuse(call, 400, 9015,
				   "Record content exceeds the allowed length of %d wire format bytes.",
				   CONTENT_BYTES);
	switch (type->kind) {
	case CONTENT_IPV4:
		return normalise_address(call, AF_INET, record);
	case CONTENT_IPV6:
		return normalise_address(call, AF_INET6, record);
	case CONTENT_HOST:
		return normalise_host(call, record);
	case CONTENT_TEXT:
	case CONTENT_DATA:
		break;
	}
	return RC_OK;
}
