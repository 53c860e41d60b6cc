/* adit explain: which rule serves a URL, and why. */
#include "cli/command.h"

#include "base/str.h"
#include "cli/explain.h"
#include "cli/sharing.h"
#include "cli/listing.h"
#include "cli/session.h"

static const char *claim_text(enum claim_state state)
{
	switch (state) {
	case CLAIM_DROPPED:
		return "dropped";
	case CLAIM_CLOSED:
		return "answered with an error";
	case CLAIM_UNATTACHED:
		return "attached to nothing";
	case CLAIM_LOST:
		return "claimed by another";
	case CLAIM_ELIDED:
		return "done at the edge";
	}
	return "";
}

static void print_origin(struct session *session, const struct origin *origin)
{
	const char *place = listing_place(session, &origin->span);

	if (!origin->object)
		return;
	session_printf(session, "  From     %s", session_printable(session, origin->object));
	if (str_has_prefix(origin->object, "HTTPRoute "))
		session_printf(session, ", rule %u, match %u", (unsigned)origin->rule + 1, (unsigned)origin->match + 1);
	session_printf(session, *place ? ", %s\n" : "%s\n", place);
}

static void print_rule(struct session *session, const struct explanation *e)
{
	const struct resource *rule = e->tunnel->rules[e->rule];

	session_printf(session, "  Tunnel   %s (%s)\n", session_printable(session, e->tunnel->tunnel->address),
		       session_printable(session, e->tunnel->tunnel->u.tunnel.name));
	session_printf(session, "  Rule     %s, %zu of %zu\n", session_printable(session, rule->address), e->rule + 1,
		       e->tunnel->rule_count);
	session_printf(session, "  Service  %s%s\n", session_printable(session, rule->u.rule.service),
		       e->is_served ? "" : ", which serves nothing");
	print_origin(session, &rule->origin);
	if (rule->origin.why)
		session_printf(session, "  Why      %s\n", session_printable(session, rule->origin.why));
	if (e->has_next) {
		const struct resource *next = e->tunnel->rules[e->next];

		session_printf(session, "  Next     %s -> %s, if that rule were not there\n",
			       session_printable(session, next->address),
			       session_printable(session, next->u.rule.service));
	}
}

static void print_claims(struct session *session, const struct explanation *e)
{
	if (e->claim_count)
		session_printf(session, "\nAlso asked for, but not to be had:\n");
	for (size_t i = 0; i < e->claim_count && i < LISTING_PRINTED; i++) {
		const struct claim *claim = e->claims[i];

		session_printf(session, "  %s: %s: %s: %s\n", listing_place(session, &claim->span),
			       session_printable(session, claim->object), claim_text(claim->state),
			       session_printable(session, claim->reason));
	}
	if (e->claim_count > LISTING_PRINTED)
		session_printf(session, "  ... and %zu more\n", e->claim_count - LISTING_PRINTED);
}

static void print_text(struct session *session, const struct explanation *e)
{
	session_printf(session, "%s%s\n", session_printable(session, e->host), session_printable(session, e->path));
	if (e->cname)
		session_printf(session, "  DNS      %s -> %s\n", session_printable(session, e->cname->cname->address),
			       session_printable(session, e->cname->cname->tunnel));
	else
		session_printf(session, "  DNS      no CNAME of this project\n");
	if (e->tunnel)
		print_rule(session, e);
	else
		session_printf(session, "  No tunnel of this project has a rule for it.\n");
	print_claims(session, e);
}

static void write_rule(struct json_writer *w, const char *key, const struct explanation *e, size_t index)
{
	const struct resource *rule = e->tunnel->rules[index];

	json_key(w, key);
	json_begin_object(w);
	json_key_string(w, "address", rule->address);
	json_key_int(w, "position", (int64_t)index + 1);
	json_key_string(w, "hostname", rule->u.rule.hostname);
	json_key_string(w, "path", rule->u.rule.path);
	json_key_string(w, "service", rule->u.rule.service);
	json_key_string(w, "object", rule->origin.object);
	json_key_string(w, "why", rule->origin.why);
	listing_place_json(w, &rule->origin.span);
	json_end_object(w);
}

static void write_claims(struct json_writer *w, const struct explanation *e)
{
	json_key(w, "claims");
	json_begin_array(w);
	for (size_t i = 0; i < e->claim_count; i++) {
		json_begin_object(w);
		json_key_string(w, "object", e->claims[i]->object);
		json_key_string(w, "state", claim_text(e->claims[i]->state));
		json_key_string(w, "reason", e->claims[i]->reason);
		listing_place_json(w, &e->claims[i]->span);
		json_end_object(w);
	}
	json_end_array(w);
}

static enum rc print_json(struct session *session, const struct explanation *e)
{
	struct json_writer w;
	struct strbuf out;

	strbuf_init(&out, 0);
	json_writer_init(&w, &out, 2);
	json_begin_object(&w);
	json_key_string(&w, "host", e->host);
	json_key_string(&w, "path", e->path);
	json_key_bool(&w, "served", e->is_served);
	json_key_string(&w, "cname", e->cname ? e->cname->cname->address : NULL);
	json_key_string(&w, "tunnel", e->tunnel ? e->tunnel->tunnel->address : NULL);
	if (e->tunnel) {
		json_key_int(&w, "rule_count", (int64_t)e->tunnel->rule_count);
		write_rule(&w, "rule", e, e->rule);
	}
	if (e->has_next)
		write_rule(&w, "next", e, e->next);
	write_claims(&w, e);
	json_end_object(&w);
	strbuf_addc(&out, '\n');
	return listing_write(session, &out);
}

enum rc cmd_explain(struct session *session)
{
	const char *host, *path;
	struct explanation explanation;
	enum rc rc = explain_parse(&session->run, session->options.arguments.items[0], &host, &path);

	session->verdict.usage = rc == RC_INVALID;
	if (!rc)
		rc = session_load_desired(session);
	if (!rc)
		rc = sharing_complete(session);
	if (!rc)
		rc = explain_find(&session->run, session->desired, host, path, &explanation);
	if (rc)
		return rc;
	if (session_is_json(session))
		return print_json(session, &explanation);
	print_text(session, &explanation);
	return RC_OK;
}
