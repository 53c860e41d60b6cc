/* adit validate: read, check and translate, without any network. */
#include "cli/command.h"

#include "base/str.h"
#include "cli/listing.h"
#include "cli/session.h"
#include "sources/source.h"
#include "report/diagnostics.h"

/** How many objects of one kind were read. */
struct kind_count {
	const char *kind;
	size_t count;
};

enum { KIND_COUNT = 10 };

static void count_kinds(const struct objects *objects, struct kind_count counts[KIND_COUNT])
{
	const struct kind_count found[KIND_COUNT] = {
		{ "GatewayClass", objects->class_count },
		{ "Gateway", objects->gateway_count },
		{ "HTTPRoute", objects->route_count },
		{ "other Route", objects->other_count },
		{ "ReferenceGrant", objects->grant_count },
		{ "BackendTLSPolicy", objects->tls_policy_count },
		{ "policy", objects->policy_count },
		{ "Namespace", objects->namespace_count },
		{ "Service", objects->service_count },
		{ "Tunnel", objects->tunnel_count },
	};

	for (size_t i = 0; i < KIND_COUNT; i++)
		counts[i] = found[i];
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static void print_read(struct session *session)
{
	const struct objects *objects = &session->objects;
	struct kind_count counts[KIND_COUNT];
	const char *separator = ": ";

	count_kinds(objects, counts);
	session_printf(session, "Read %zu document%s", objects->document_count, plural(objects->document_count));
	for (size_t i = 0; i < KIND_COUNT; i++) {
		if (!counts[i].count)
			continue;
		session_printf(session, "%s%zu %s", separator, counts[i].count, counts[i].kind);
		separator = ", ";
	}
	session_printf(session, ".\n");
	if (!objects->skipped_count)
		return;
	session_printf(session, "Skipped");
	for (size_t i = 0; i < objects->skipped_count; i++) {
		const struct skipped_kind *skipped = &objects->skipped[i];

		session_printf(session, "%s%zu %s%s%s", i ? ", " : ": ", skipped->count,
			       session_printable(session, skipped->group), str_is_empty(skipped->group) ? "" : "/",
			       session_printable(session, skipped->kind));
	}
	session_printf(session, ".\n");
}

static void print_verdict(struct session *session, bool is_valid)
{
	const struct diags *diags = &session->run.diags;
	const struct desired *desired = session->desired;

	if (desired)
		session_printf(session, "Desired: %zu tunnel%s, %zu rule%s, %zu CNAME%s.\n", desired->tunnel_count,
			       plural(desired->tunnel_count), desired->rule_count, plural(desired->rule_count),
			       desired->cname_count, plural(desired->cname_count));
	if (desired)
		listing_print(session, desired);
	if (!is_valid)
		session_printf(session, "\nThe manifests are invalid: %zu error%s, %zu warning%s.\n", diags->error_count,
			       plural(diags->error_count), diags->warning_count, plural(diags->warning_count));
	else if (diags->warning_count)
		session_printf(session, "\nThe manifests are valid, with %zu warning%s.\n", diags->warning_count,
			       plural(diags->warning_count));
	else
		session_printf(session, "\nThe manifests are valid.\n");
}

static void write_counts(struct json_writer *w, const struct session *session)
{
	const struct objects *objects = &session->objects;
	const struct desired *desired = session->desired;
	struct kind_count counts[KIND_COUNT];

	count_kinds(objects, counts);
	json_key_int(w, "document_count", (int64_t)objects->document_count);
	json_key(w, "objects");
	json_begin_object(w);
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (counts[i].count)
			json_key_int(w, counts[i].kind, (int64_t)counts[i].count);
	json_end_object(w);
	json_key(w, "skipped");
	json_begin_array(w);
	for (size_t i = 0; i < objects->skipped_count; i++) {
		json_begin_object(w);
		json_key_string(w, "group", objects->skipped[i].group);
		json_key_string(w, "kind", objects->skipped[i].kind);
		json_key_int(w, "count", (int64_t)objects->skipped[i].count);
		json_end_object(w);
	}
	json_end_array(w);
	json_key_int(w, "tunnel_count", desired ? (int64_t)desired->tunnel_count : 0);
	json_key_int(w, "rule_count", desired ? (int64_t)desired->rule_count : 0);
	json_key_int(w, "cname_count", desired ? (int64_t)desired->cname_count : 0);
}

/** The diagnostics are part of the document, so they are not printed again at the end. */
static enum rc print_json(struct session *session, bool is_valid)
{
	struct diags *diags = &session->run.diags;
	struct json_writer w;
	struct strbuf out;

	enum rc rc = source_recall(&session->run, session->texts, session->text_count);

	if (rc)
		return rc;
	strbuf_init(&out, 0);
	json_writer_init(&w, &out, 2);
	diags_sort(diags);
	json_begin_object(&w);
	json_key_string(&w, "format_version", "1.0");
	json_key_bool(&w, "valid", is_valid);
	json_key_int(&w, "error_count", (int64_t)diags->error_count);
	json_key_int(&w, "warning_count", (int64_t)diags->warning_count);
	json_key(&w, "diagnostics");
	diagnostics_json(&w, diags);
	write_counts(&w, session);
	listing_json(&w, session->desired);
	json_end_object(&w);
	strbuf_addc(&out, '\n');
	diags->count = 0;
	diags->dropped = 0;
	return listing_write(session, &out);
}

enum rc cmd_validate(struct session *session)
{
	enum rc rc = session_load_desired(session), print_rc = RC_OK;
	bool is_valid = !rc && !session->run.diags.error_count;

	if (rc == RC_NOMEM || session->verdict.usage)
		return rc;
	if (session_is_json(session)) {
		print_rc = print_json(session, is_valid);
	} else {
		session_print_diagnostics(session);
		if (session->objects.document_count)
			print_read(session);
		print_verdict(session, is_valid);
	}
	if (!rc && session->options.strict && session->desired->refusal_count)
		session->verdict.refused = true;
	return rc ? rc : print_rc;
}
