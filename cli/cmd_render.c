/* adit render: the desired configuration, without any network. */
#include "cli/command.h"

#include "base/limits.h"
#include "base/str.h"
#include "cli/listing.h"
#include "cli/session.h"
#include "schema/translate.h"

#define FLUSH_BYTES 65536

/** Output that leaves as it is made: the documents of large projects are larger than what they are made from. */
struct output {
	struct session *session;
	struct json_writer writer;
	struct strbuf buffer;
	struct arena *scratch; /**< for one rule at a time */
};

static enum rc flush_output(struct output *out)
{
	if (strbuf_failed(&out->buffer))
		return RC_NOMEM;
	session_write(out->session, strbuf_text(&out->buffer), out->buffer.size);
	strbuf_reset(&out->buffer);
	return RC_OK;
}

static enum rc write_rule(struct output *out, const struct rule_fields *fields)
{
	struct json *rule;
	enum rc rc = translate_rule(out->scratch, fields, &rule);

	if (rc)
		return rc;
	json_value(&out->writer, rule);
	arena_reset(out->scratch);
	return out->buffer.size < FLUSH_BYTES ? RC_OK : flush_output(out);
}

static enum rc write_tunnel(struct output *out, const struct desired_tunnel *tunnel)
{
	struct json_writer *w = &out->writer;
	const struct tunnel_fields *fields = &tunnel->tunnel->u.tunnel;
	const struct json *top = resource_origin_request_normal(out->session->run.arena, fields->origin_request);
	enum rc rc = RC_OK;

	json_begin_object(w);
	json_key_string(w, "address", tunnel->tunnel->address);
	json_key_string(w, "name", fields->name);
	json_key_string(w, "account", fields->account);
	json_key(w, "config");
	json_begin_object(w);
	json_key(w, "ingress");
	json_begin_array(w);
	for (size_t i = 0; !rc && i < tunnel->rule_count; i++)
		rc = write_rule(out, &tunnel->rules[i]->u.rule);
	json_end_array(w);
	if (top) {
		json_key(w, "originRequest");
		json_value(w, top);
	}
	json_end_object(w);
	json_end_object(w);
	return rc;
}

static void write_cname(struct json_writer *w, const struct resource *cname)
{
	json_begin_object(w);
	json_key_string(w, "address", cname->address);
	json_key_string(w, "name", cname->u.cname.name);
	json_key_string(w, "account", cname->u.cname.account);
	json_key_string(w, "tunnel", cname->tunnel);
	json_key_bool(w, "proxied", cname->u.cname.proxied);
	json_key_int(w, "ttl", cname->u.cname.ttl);
	json_key_string(w, "comment", cname->u.cname.comment);
	json_end_object(w);
}

static enum rc write_json(struct output *out)
{
	const struct desired *desired = out->session->desired;
	struct json_writer *w = &out->writer;
	enum rc rc = RC_OK;

	json_begin_object(w);
	json_key(w, "tunnels");
	json_begin_array(w);
	for (size_t i = 0; !rc && i < desired->tunnel_count; i++)
		rc = write_tunnel(out, &desired->tunnels[i]);
	json_end_array(w);
	json_key(w, "cnames");
	json_begin_array(w);
	for (size_t i = 0; !rc && i < desired->cname_count; i++) {
		write_cname(w, desired->cnames[i].cname);
		if (out->buffer.size >= FLUSH_BYTES)
			rc = flush_output(out);
	}
	json_end_array(w);
	listing_json(w, desired);
	json_end_object(w);
	strbuf_addc(&out->buffer, '\n');
	return rc ? rc : flush_output(out);
}

static enum rc print_json(struct session *session)
{
	struct output out = {.session = session, .scratch = arena_new(LIMIT_ARENA_BYTES)};
	enum rc rc;

	strbuf_init(&out.buffer, 0);
	json_writer_init(&out.writer, &out.buffer, 2);
	rc = out.scratch ? write_json(&out) : RC_NOMEM;
	strbuf_done(&out.buffer);
	arena_free(out.scratch);
	return rc;
}

static void print_tunnel(struct session *session, const struct desired_tunnel *tunnel)
{
	session_printf(session, "%s (%s)\n", session_printable(session, tunnel->tunnel->address),
		       session_printable(session, tunnel->tunnel->u.tunnel.name));
	for (size_t i = 0; i < tunnel->rule_count; i++) {
		const struct rule_fields *rule = &tunnel->rules[i]->u.rule;

		session_printf(session, "  %s%s -> %s\n", *rule->hostname ? session_printable(session, rule->hostname) : "*",
			       session_printable(session, rule->path), session_printable(session, rule->service));
	}
}

static void print_text(struct session *session)
{
	const struct desired *desired = session->desired;

	for (size_t i = 0; i < desired->tunnel_count; i++) {
		session_printf(session, i ? "\n" : "");
		print_tunnel(session, &desired->tunnels[i]);
	}
	if (desired->cname_count)
		session_printf(session, "\nCNAMEs\n");
	for (size_t i = 0; i < desired->cname_count; i++) {
		const struct resource *cname = desired->cnames[i].cname;

		session_printf(session, "  %s -> %s\n", session_printable(session, cname->u.cname.name),
			       session_printable(session, cname->tunnel));
	}
	listing_print(session, desired);
}

enum rc cmd_render(struct session *session)
{
	enum rc rc = session_load_desired(session);

	if (rc)
		return rc;
	if (session_is_json(session))
		rc = print_json(session);
	else
		print_text(session);
	if (session->options.strict && session->desired->refusal_count)
		session->verdict.refused = true;
	return rc;
}
