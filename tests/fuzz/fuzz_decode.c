/* Manifests, whatever they are: decoded twice over (so that duplicates are found too); every byte of the objects and of
 * the diagnostics is read. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "schema/decode.h"

#define ARENA_BYTES ((size_t)512 * 1024 * 1024)
#define INPUT_MAX (64u * 1024)

static volatile size_t read_bytes;

static void read_text(const char *text)
{
	if (text)
		read_bytes += strlen(text);
}

static void read_span(const struct span *span)
{
	size_t size;

	if (!span->text)
		return;
	read_text(span->text->name);
	if (span->line > 0 && span_line(span, &size))
		read_bytes += size;
}

static void read_json(const struct json *json)
{
	struct strbuf out;

	if (!json)
		return;
	strbuf_init(&out, 0);
	json_write_canonical(&out, json);
	read_bytes += out.size;
	strbuf_done(&out);
}

static void read_pairs(const struct pair *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		read_text(pairs[i].key);
		read_text(pairs[i].value);
		read_span(&pairs[i].span);
	}
}

static void read_meta(const struct meta *meta)
{
	/* never absent: translation relies on it */
	if (!meta->name || !meta->key || !meta->name_space)
		abort();
	read_text(meta->name_space);
	read_text(meta->name);
	read_text(meta->key);
	read_pairs(meta->labels, meta->label_count);
	read_pairs(meta->annotations, meta->annotation_count);
	read_json(meta->origin_request);
	read_span(&meta->span);
}

static void read_selector(const struct label_selector *selector)
{
	for (size_t i = 0; i < selector->requirement_count; i++) {
		read_text(selector->requirements[i].key);
		for (size_t k = 0; k < selector->requirements[i].value_count; k++)
			read_text(selector->requirements[i].values[k]);
	}
}

static void read_parents(const struct parent_ref *parents, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		read_text(parents[i].group);
		read_text(parents[i].kind);
		read_text(parents[i].name_space);
		read_text(parents[i].name);
		read_text(parents[i].section_name);
		read_span(&parents[i].span);
	}
}

static void read_targets(const struct policy_target *targets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!targets[i].name && !targets[i].selector.is_present)
			abort();
		read_text(targets[i].group);
		read_text(targets[i].kind);
		read_text(targets[i].name_space);
		read_text(targets[i].name);
		read_text(targets[i].section_name);
		read_selector(&targets[i].selector);
		read_span(&targets[i].span);
	}
}

static void read_gateway(const struct gateway *gateway)
{
	read_meta(&gateway->meta);
	read_text(gateway->class_name);
	for (size_t i = 0; i < gateway->listener_count; i++) {
		const struct listener *listener = &gateway->listeners[i];

		read_text(listener->name);
		read_text(listener->hostname);
		read_text(listener->protocol_text);
		read_selector(&listener->selector);
		for (size_t k = 0; k < listener->kind_count; k++)
			read_text(listener->kinds[k].kind);
		read_span(&listener->hostname_span);
	}
}

static void read_rule(const struct http_rule *rule)
{
	if (rule->match_count == 0)
		abort();
	read_text(rule->name);
	for (size_t i = 0; i < rule->match_count; i++) {
		read_text(rule->matches[i].path);
		read_text(rule->matches[i].condition);
		read_span(&rule->matches[i].path_span);
	}
	for (size_t i = 0; i < rule->filter_count; i++) {
		read_text(rule->filters[i].type_text);
		read_text(rule->filters[i].hostname);
		read_text(rule->filters[i].scheme);
	}
	for (size_t i = 0; i < rule->backend_count; i++) {
		read_text(rule->backends[i].group);
		read_text(rule->backends[i].kind);
		read_text(rule->backends[i].name_space);
		read_text(rule->backends[i].name);
		read_span(&rule->backends[i].span);
	}
	read_span(&rule->span);
}

static void read_route(const struct http_route *route)
{
	if (route->rule_count == 0)
		abort();
	read_meta(&route->meta);
	read_parents(route->parents, route->parent_count);
	for (size_t i = 0; i < route->hostname_count; i++) {
		read_text(route->hostnames[i]);
		read_span(&route->hostname_spans[i]);
	}
	for (size_t i = 0; i < route->rule_count; i++)
		read_rule(&route->rules[i]);
}

static void read_tunnel(const struct native_tunnel *tunnel)
{
	read_meta(&tunnel->meta);
	read_text(tunnel->account);
	read_text(tunnel->catch_all);
	read_json(tunnel->origin_request);
	for (size_t i = 0; i < tunnel->rule_count; i++) {
		read_text(tunnel->rules[i].hostname);
		read_text(tunnel->rules[i].path);
		read_text(tunnel->rules[i].service);
		read_json(tunnel->rules[i].origin_request);
	}
}

static void read_service(const struct service *service)
{
	read_meta(&service->meta);
	for (size_t i = 0; i < service->port_count; i++) {
		read_text(service->ports[i].name);
		read_text(service->ports[i].protocol);
		read_text(service->ports[i].target_port_name);
		read_text(service->ports[i].app_protocol);
	}
}

static void read_others(const struct objects *o)
{
	for (size_t i = 0; i < o->other_count; i++) {
		read_meta(&o->others[i]->meta);
		read_text(o->others[i]->kind);
		read_parents(o->others[i]->parents, o->others[i]->parent_count);
	}
	for (size_t i = 0; i < o->grant_count; i++)
		read_meta(&o->grants[i]->meta);
	for (size_t i = 0; i < o->tls_policy_count; i++) {
		read_meta(&o->tls_policies[i]->meta);
		read_targets(o->tls_policies[i]->targets, o->tls_policies[i]->target_count);
	}
	for (size_t i = 0; i < o->policy_count; i++) {
		read_meta(&o->policies[i]->meta);
		read_targets(o->policies[i]->targets, o->policies[i]->target_count);
	}
	for (size_t i = 0; i < o->skipped_count; i++)
		read_text(o->skipped[i].kind);
}

static void read_objects(const struct objects *o)
{
	for (size_t i = 0; i < o->class_count; i++)
		read_meta(&o->classes[i]->meta);
	for (size_t i = 0; i < o->gateway_count; i++)
		read_gateway(o->gateways[i]);
	for (size_t i = 0; i < o->route_count; i++)
		read_route(o->routes[i]);
	for (size_t i = 0; i < o->namespace_count; i++)
		read_meta(&o->namespaces[i]->meta);
	for (size_t i = 0; i < o->service_count; i++)
		read_service(o->services[i]);
	for (size_t i = 0; i < o->tunnel_count; i++)
		read_tunnel(o->tunnels[i]);
	read_others(o);
	read_text(o->digest);
}

static void read_diags(struct diags *diags)
{
	diags_sort(diags);
	for (size_t i = 0; i < diags->count; i++) {
		if (strpbrk(diags->items[i].summary, "\n\r\033"))
			abort();
		read_text(diags->items[i].summary);
		read_text(diags->items[i].help);
		read_text(diags->items[i].address);
		read_span(&diags->items[i].span);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(ARENA_BYTES);
	struct objects objects = { 0 };
	struct decoder *decoder = NULL;
	struct diags diags;
	struct text text = { .name = "in.yaml", .bytes = (const char *)data, .size = size };

	if (!arena || size > INPUT_MAX) {
		arena_free(arena);
		return 0;
	}
	diags_init(&diags, arena);
	if (decode_open(arena, &diags, &objects, &decoder) == RC_OK && decode_text(decoder, &text, NULL) == RC_OK &&
	    decode_text(decoder, &text, "other") == RC_OK && decode_finish(decoder) == RC_OK) {
		/* whatever is refused has been given a reason */
		if (objects.invalid_count > 0 && diags.error_count == 0)
			abort();
		read_objects(&objects);
		read_diags(&diags);
	}
	decode_close(decoder);
	arena_free(arena);
	return 0;
}
