/* Desired state as text, for case files. */
#include <string.h>

#include "base/str.h"
#include "tests/schema/translate_case.h"

static const char *const claim_names[] = {
	[CLAIM_DROPPED] = "dropped", [CLAIM_CLOSED] = "closed", [CLAIM_UNATTACHED] = "unattached",
	[CLAIM_LOST] = "lost", [CLAIM_ELIDED] = "elided",
};
static const char *const severity_names[] = {
	[SEVERITY_ERROR] = "error", [SEVERITY_WARNING] = "warning", [SEVERITY_NOTE] = "note",
};

/** " @12:3", in which file too where it is not the case's own. */
static void write_span(struct strbuf *out, const struct span *span)
{
	if (span->text)
		strbuf_addf(out, " @%s%u:%u", str_eq(span->text->name, "input") ? "" : span->text->name,
			    span->line, span->column);
}

static void write_json(struct strbuf *out, const struct json *value)
{
	if (!value)
		return;
	strbuf_addc(out, ' ');
	json_write_canonical(out, value);
}

static void write_rule(struct strbuf *out, const struct resource *rule)
{
	const struct rule_fields *fields = &rule->u.rule;

	strbuf_addf(out, "  %s %s -> %s", *fields->hostname ? fields->hostname : "*",
		    *fields->path ? fields->path : "-", fields->service);
	write_json(out, fields->origin_request);
	strbuf_addf(out, "%s  # %s", rule->protect ? " protected" : "", rule->origin.object);
	if (str_has_prefix(rule->origin.object, "HTTPRoute "))
		strbuf_addf(out, " %u.%u", rule->origin.rule, rule->origin.match);
	write_span(out, &rule->origin.span);
	strbuf_addc(out, '\n');
}

static void write_tunnel(struct strbuf *out, const struct desired_tunnel *tunnel)
{
	const struct resource *t = tunnel->tunnel;

	strbuf_addf(out, "%s %s in %s%s", t->address, t->u.tunnel.name, t->u.tunnel.account,
		    tunnel->protect ? " protected" : "");
	write_json(out, t->u.tunnel.origin_request);
	strbuf_addc(out, '\n');
	for (size_t i = 0; i < tunnel->rule_count; i++)
		write_rule(out, tunnel->rules[i]);
}

static void write_cname(struct strbuf *out, const struct desired_cname *cname)
{
	const struct resource *c = cname->cname;

	strbuf_addf(out, "%s -> %s%s  # %s", c->address, c->tunnel, cname->protect ? " protected" : "",
		    c->origin.object);
	write_span(out, &c->origin.span);
	strbuf_addc(out, '\n');
}

static void write_claim(struct strbuf *out, const struct claim *claim)
{
	strbuf_addf(out, "%s %s: %s %s: %s", claim_names[claim->state], claim->object,
		    *claim->hostname ? claim->hostname : "*", claim->path ? *claim->path ? claim->path : "-" : "any",
		    claim->reason);
	write_span(out, &claim->span);
	strbuf_addc(out, '\n');
}

static void write_losses(struct strbuf *out, const struct desired *desired)
{
	for (size_t i = 0; i < desired->claim_count; i++)
		write_claim(out, &desired->claims[i]);
	for (size_t i = 0; i < desired->refusal_count; i++) {
		const struct refusal *refusal = &desired->refusals[i];

		strbuf_addf(out, "refused %s: %s: %s: %s", refusal->object, refusal->feature, refusal->effect,
			    refusal->reason);
		write_span(out, &refusal->span);
		strbuf_addc(out, '\n');
	}
	for (size_t i = 0; i < desired->unattached_count; i++) {
		const struct unattached *unattached = &desired->unattached[i];

		strbuf_addf(out, "%s %s to %s: %s", unattached->reason, unattached->object, unattached->parent,
			    unattached->message);
		write_span(out, &unattached->span);
		strbuf_addc(out, '\n');
	}
}

void desired_write(const struct desired *desired, const struct diags *diags, struct strbuf *out)
{
	for (size_t i = 0; desired && i < desired->tunnel_count; i++)
		write_tunnel(out, &desired->tunnels[i]);
	for (size_t i = 0; desired && i < desired->cname_count; i++)
		write_cname(out, &desired->cnames[i]);
	if (desired)
		write_losses(out, desired);
	for (size_t i = 0; i < diags->count; i++) {
		const struct diag *diag = &diags->items[i];

		strbuf_addf(out, "%s %s: %s", severity_names[diag->severity], diag->code, diag->summary);
		write_span(out, &diag->span);
		strbuf_addc(out, '\n');
	}
}

/** Pointers as such: two runs over the same objects name the same texts of the input. */
static void write_resource_all(struct arena *arena, const struct resource *resource, struct strbuf *out)
{
	struct json *json = NULL;

	if (resource_to_json(arena, resource, true, &json) == RC_OK)
		json_write_canonical(out, json);
	strbuf_addf(out, " %d %s %s %s %s %s %s %p:%u:%u %u.%u %d\n", (int)resource->kind, resource->address,
		    str_or_empty(resource->id), resource->tunnel, resource->origin.object, str_or_empty(resource->origin.why),
		    str_or_empty(resource->origin.precedence), (const void *)resource->origin.span.text,
		    resource->origin.span.line, resource->origin.span.column, resource->origin.rule, resource->origin.match,
		    resource->protect);
}

static void write_tunnel_all(struct arena *arena, const struct desired_tunnel *tunnel, struct strbuf *out)
{
	write_resource_all(arena, tunnel->tunnel, out);
	strbuf_addf(out, "%d %s ", tunnel->protect, str_or_empty(tunnel->owner));
	json_write_canonical(out, tunnel->gateway);
	strbuf_addc(out, '\n');
	for (size_t i = 0; i < tunnel->rule_count; i++)
		write_resource_all(arena, tunnel->rules[i], out);
}

void desired_write_all(struct arena *arena, const struct desired *desired, const struct diags *diags, struct strbuf *out)
{
	desired_write(desired, diags, out);
	for (size_t i = 0; desired && i < desired->tunnel_count; i++)
		write_tunnel_all(arena, &desired->tunnels[i], out);
	for (size_t i = 0; desired && i < desired->cname_count; i++) {
		write_resource_all(arena, desired->cnames[i].cname, out);
		strbuf_addf(out, "%d %d\n", desired->cnames[i].protect, desired->cnames[i].is_native);
	}
	for (size_t i = 0; i < diags->count; i++)
		strbuf_addf(out, "%s %s\n", str_or_empty(diags->items[i].address), str_or_empty(diags->items[i].help));
	strbuf_addf(out, "%zu %zu %zu %zu %zu\n", desired ? desired->rule_count : 0, diags->error_count,
		    diags->warning_count, diags->note_count, diags->dropped);
}
