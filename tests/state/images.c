/* A state with everything in it, and what makes two of them equal. */
#include "images.h"

static const struct json *parse(struct arena *arena, const char *text)
{
	struct json *value;

	assert_int_equal(json_parse(arena, text, strlen(text), &value, NULL), RC_OK);
	return value;
}

static void vary_rule(struct arena *arena, struct recorded *rule, size_t i)
{
	static const char *const requests[] = {
		"{\"noTLSVerify\":true,\"connectTimeout\":10}",
		"{\"access\":{\"teamName\":\"a\\\"\\u00e9\",\"audTag\":[\"1\",\"2\"]},\"http2Origin\":false,\"x\":-1.5e-7}",
	};

	rule->resource->origin.precedence = i % 3 ? arena_printf(arena, "%08zx", i) : NULL;
	rule->resource->origin.object = i % 2 ? arena_printf(arena, "HTTPRoute shop/r%zu", i) : NULL;
	if (i % 4 == 0)
		rule->resource->u.rule.origin_request = parse(arena, requests[i / 4 % 2]);
	if (i % 5 == 0)
		rule->resource->u.rule.service = "http://a\\b\"\xC3\xA9\x7F:1";
	rule->is_protected = i % 6 == 0;
}

static void vary_cname(struct arena *arena, struct recorded *cname, size_t i)
{
	cname->resource->id = i % 7 ? arena_printf(arena, "%032zx", i) : NULL;
	cname->resource->u.cname.ttl = i % 3 ? 1 : (int64_t)(i * 60);
	cname->resource->u.cname.proxied = i % 4 != 0;
	if (i % 5 == 0)
		cname->resource->u.cname.content = cname->resource->u.cname.zone = NULL;
	if (i % 6 == 0)
		cname->resource->u.cname.comment = "\t";
	cname->prior_comment = i % 8 == 0 ? "" : i % 8 == 1 ? NULL : arena_printf(arena, "was %zu", i);
}

static void vary_tunnel(struct arena *arena, struct recorded *tunnel, const char *const *rules, size_t rule_count, size_t i)
{
	if (i % 2 == 0)
		set_rule_order(arena, tunnel, rules, rule_count);
	if (i % 3 == 0)
		tunnel->resource->u.tunnel.origin_request = parse(arena, "{\"tcpKeepAlive\":30}");
	tunnel->resource->u.tunnel.created_at = i % 2 ? "2024-05-01T10:00:00Z" : NULL;
	tunnel->retired_ms = i % 2 ? 0 : 1714557600000;
}

struct recorded *images_make(struct arena *arena, size_t count, size_t *ret_count)
{
	struct recorded *items = arena_array(arena, count + 5, sizeof(*items));
	size_t made = 0;

	for (size_t t = 0; made < count; t++) {
		const char *address = arena_printf(arena, "tunnel/edge/gw-%zu", t), *rules[52];
		struct recorded *tunnel = &items[made++];
		size_t rule_count = 0;

		*tunnel = make_tunnel(arena, address, arena_printf(arena, "f70ff985-%zu", t));
		rules[rule_count++] = "rule/edge/gone";
		for (size_t i = 0; i < 50 && made < count; i++) {
			const char *host = arena_printf(arena, "h%zu-%zu.example.com", t, i);

			items[made] = make_rule(arena, address, host, i % 2 ? "^/a" : "", "http://web.shop.svc:80");
			vary_rule(arena, &items[made], i);
			rules[rule_count++] = items[made++].resource->address;
			items[made] = make_cname(arena, address, host);
			vary_cname(arena, &items[made++], i);
		}
		items[made] = make_rule(arena, address, "", "", "http_status:404");
		rules[rule_count++] = items[made++].resource->address;
		vary_tunnel(arena, tunnel, rules, rule_count, t);
	}
	*ret_count = made;
	return items;
}

static void compare_texts(const char *address, const char *what, const char *a, const char *b)
{
	if (!str_eq(a, b))
		fail_msg("%s: %s is %s, not %s", address, what, a ? a : "(null)", b ? b : "(null)");
}

static void compare_field(const struct field *field, const struct resource *a, const struct resource *b)
{
	const void *left = (const char *)a + field->offset, *right = (const char *)b + field->offset;
	const struct json *document = NULL, *other = NULL;

	switch (field->type) {
	case FIELD_STRING:
		compare_texts(a->address, field->name, *(const char *const *)left, *(const char *const *)right);
		break;
	case FIELD_BOOL:
		assert_memory_equal(left, right, sizeof(bool));
		break;
	case FIELD_INT:
		assert_memory_equal(left, right, sizeof(int64_t));
		break;
	case FIELD_JSON:
		document = *(const struct json *const *)left;
		other = *(const struct json *const *)right;
		assert_int_equal(!document, !other);
		assert_true(json_equal(document, other));
		break;
	}
}

static void compare_items(const struct recorded *a, const struct recorded *b)
{
	const struct resource *left = a->resource, *right = b->resource;
	const struct resource_type *type = resource_type(left->kind);

	assert_string_equal(left->address, right->address);
	assert_int_equal(left->kind, right->kind);
	for (size_t i = 0; i < type->field_count; i++)
		compare_field(&type->fields[i], left, right);
	compare_texts(left->address, "id", left->id, right->id);
	compare_texts(left->address, "tunnel", left->tunnel, right->tunnel);
	compare_texts(left->address, "object", left->origin.object, right->origin.object);
	compare_texts(left->address, "precedence", left->origin.precedence, right->origin.precedence);
	compare_texts(left->address, "why", left->origin.why, right->origin.why);
	compare_texts(left->address, "account_id", a->account_id, b->account_id);
	compare_texts(left->address, "zone_id", a->zone_id, b->zone_id);
	compare_texts(left->address, "prior_comment", a->prior_comment, b->prior_comment);
	assert_int_equal(left->protect, right->protect);
	assert_int_equal(left->origin.rule, right->origin.rule);
	assert_int_equal(left->origin.match, right->origin.match);
	assert_null(left->origin.span.text);
	assert_null(right->origin.span.text);
	assert_int_equal(a->is_protected, b->is_protected);
	assert_int_equal(a->retired_ms, b->retired_ms);
}

static void compare_zones(const struct recorded_state *a, const struct recorded_state *b)
{
	assert_int_equal(a->zone_count, b->zone_count);
	for (size_t i = 0; i < a->zone_count; i++) {
		compare_texts("zone", "account", a->zones[i].account, b->zones[i].account);
		compare_texts("zone", "id", a->zones[i].zone_id, b->zones[i].zone_id);
		compare_texts("zone", "name", a->zones[i].name, b->zones[i].name);
		compare_texts("zone", "plan", a->zones[i].plan, b->zones[i].plan);
	}
}

static void compare_gateways(const struct recorded_state *a, const struct recorded_state *b)
{
	assert_int_equal(a->gateway_count, b->gateway_count);
	for (size_t i = 0; i < a->gateway_count; i++) {
		compare_texts("gateway", "address", a->gateways[i].address, b->gateways[i].address);
		compare_texts("gateway", "owner", a->gateways[i].owner, b->gateways[i].owner);
		compare_texts("gateway", "tunnel", a->gateways[i].tunnel_id, b->gateways[i].tunnel_id);
		assert_true(json_equal(a->gateways[i].document, b->gateways[i].document));
	}
}

void images_compare(const struct recorded_state *a, const struct recorded_state *b)
{
	compare_texts("state", "lineage", a->lineage, b->lineage);
	compare_texts("state", "suspended", a->suspended, b->suspended);
	assert_int_equal(a->serial, b->serial);
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		compare_items(&a->items[i], &b->items[i]);
		assert_ptr_equal(map_get(&b->by_address, a->items[i].resource->address), &b->items[i]);
	}
	compare_zones(a, b);
	compare_gateways(a, b);
}
