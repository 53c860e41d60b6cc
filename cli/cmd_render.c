/* adit render: the desired configuration, without any network. */
#include "cli/command.h"

#include "base/str.h"
#include "cli/listing.h"
#include "cli/session.h"
#include "schema/translate.h"

static enum rc write_tunnel(struct session *session, struct json_writer *w, const struct desired_tunnel *tunnel)
{
	struct json *config;
	enum rc rc = translate_document(session->run.arena, tunnel, &config);

	if (rc)
		return rc;
	json_begin_object(w);
	json_key_string(w, "address", tunnel->tunnel->address);
	json_key_string(w, "name", tunnel->tunnel->u.tunnel.name);
	json_key_string(w, "account", tunnel->tunnel->u.tunnel.account);
	json_key(w, "config");
	json_value(w, config);
	json_end_object(w);
	return RC_OK;
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

static enum rc print_json(struct session *session)
{
	const struct desired *desired = session->desired;
	struct json_writer w;
	struct strbuf out;
	enum rc rc = RC_OK;

	strbuf_init(&out, 0);
	json_writer_init(&w, &out, 2);
	json_begin_object(&w);
	json_key(&w, "tunnels");
	json_begin_array(&w);
	for (size_t i = 0; !rc && i < desired->tunnel_count; i++)
		rc = write_tunnel(session, &w, &desired->tunnels[i]);
	json_end_array(&w);
	json_key(&w, "cnames");
	json_begin_array(&w);
	for (size_t i = 0; i < desired->cname_count; i++)
		write_cname(&w, desired->cnames[i].cname);
	json_end_array(&w);
	listing_json(&w, desired);
	json_end_object(&w);
	strbuf_addc(&out, '\n');
	if (rc)
		strbuf_done(&out);
	return rc ? rc : listing_write(session, &out);
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
