/* GatewayClass, Gateway, ReferenceGrant, policies and core kinds as typed values, with the API server's defaults. */
#include <strings.h>

#include "base/str.h"
#include "schema/decode_internal.h"

void build_gateway_class(struct decoder *decoder, const struct node *root, const struct meta *meta)
{
	struct gateway_class *class = build_new(decoder, sizeof(*class));

	if (!class)
		return;
	class->meta = *meta;
	class->controller_name = build_name(decoder, value_get2(root, "spec", "controllerName"), "");
	BUILD_ADD(decoder, decoder->objects->classes, decoder->objects->class_count,
		  decoder->objects->class_capacity, class);
}

static enum listener_protocol protocol_of(const char *text)
{
	static const struct {
		const char *name;
		enum listener_protocol protocol;
	} known[] = {
		{ "HTTP", PROTOCOL_HTTP }, { "HTTPS", PROTOCOL_HTTPS }, { "TLS", PROTOCOL_TLS },
		{ "TCP", PROTOCOL_TCP }, { "UDP", PROTOCOL_UDP },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcasecmp(known[i].name, text) == 0)
			return known[i].protocol;
	return PROTOCOL_OTHER;
}

static enum routes_from routes_from_of(const char *text)
{
	if (str_eq(text, "All"))
		return ROUTES_FROM_ALL;
	return str_eq(text, "Selector") ? ROUTES_FROM_SELECTOR : ROUTES_FROM_SAME;
}

static void build_kinds(struct decoder *decoder, const struct node *list, struct listener *to)
{
	to->kinds = build_items(decoder, list, sizeof(*to->kinds), &to->kind_count);
	for (size_t i = 0; i < to->kind_count; i++) {
		const struct node *node = value_item(list, i);

		to->kinds[i].group = build_name(decoder, value_get(node, "group"), GATEWAY_GROUP);
		to->kinds[i].kind = build_name(decoder, value_get(node, "kind"), "");
		to->kinds[i].span = build_span(decoder, node);
	}
}

static void build_listener(struct decoder *decoder, const struct node *node, struct listener *to)
{
	const struct node *hostname = value_get(node, "hostname"), *allowed = value_get(node, "allowedRoutes");
	const struct node *namespaces = value_get(allowed, "namespaces");

	to->name = build_name(decoder, value_get(node, "name"), "");
	to->hostname = decode_build_text(decoder, hostname);
	to->hostname_span = build_span(decoder, hostname ? hostname : node);
	to->port = (int32_t)value_int(value_get(node, "port"), 0);
	to->protocol_text = build_name(decoder, value_get(node, "protocol"), "");
	to->protocol = protocol_of(to->protocol_text);
	to->from = routes_from_of(value_text(value_get(namespaces, "from"), "Same"));
	to->selector = build_selector(decoder, value_get(namespaces, "selector"));
	build_kinds(decoder, value_get(allowed, "kinds"), to);
	to->span = build_span(decoder, node);
}

void build_gateway(struct decoder *decoder, const struct node *root, const struct meta *meta)
{
	const struct node *spec = value_get(root, "spec"), *listeners = value_get(spec, "listeners");
	const struct node *class_name = value_get(spec, "gatewayClassName");
	struct gateway *gateway = build_new(decoder, sizeof(*gateway));

	if (!gateway)
		return;
	gateway->meta = *meta;
	gateway->class_name = build_name(decoder, class_name, "");
	gateway->class_span = build_span(decoder, class_name);
	gateway->listeners = build_items(decoder, listeners, sizeof(*gateway->listeners),
					 &gateway->listener_count);
	for (size_t i = 0; i < gateway->listener_count; i++)
		build_listener(decoder, value_item(listeners, i), &gateway->listeners[i]);
	gateway->is_default = str_eq(value_text(value_get(spec, "defaultScope"), ""), "All");
	BUILD_ADD(decoder, decoder->objects->gateways, decoder->objects->gateway_count,
		  decoder->objects->gateway_capacity, gateway);
}

void build_grant(struct decoder *decoder, const struct node *root, const struct meta *meta)
{
	const struct node *from = value_get2(root, "spec", "from"), *to = value_get2(root, "spec", "to");
	struct reference_grant *grant = build_new(decoder, sizeof(*grant));

	if (!grant)
		return;
	grant->meta = *meta;
	grant->from = build_items(decoder, from, sizeof(*grant->from), &grant->from_count);
	for (size_t i = 0; i < grant->from_count; i++) {
		const struct node *node = value_item(from, i);

		grant->from[i].group = build_name(decoder, value_get(node, "group"), "");
		grant->from[i].kind = build_name(decoder, value_get(node, "kind"), "");
		grant->from[i].name_space = build_name(decoder, value_get(node, "namespace"), "");
	}
	grant->to = build_items(decoder, to, sizeof(*grant->to), &grant->to_count);
	for (size_t i = 0; i < grant->to_count; i++) {
		const struct node *node = value_item(to, i);

		grant->to[i].group = build_name(decoder, value_get(node, "group"), "");
		grant->to[i].kind = build_name(decoder, value_get(node, "kind"), "");
		grant->to[i].name = decode_build_text(decoder, value_get(node, "name"));
	}
	BUILD_ADD(decoder, decoder->objects->grants, decoder->objects->grant_count,
		  decoder->objects->grant_capacity, grant);
}

void build_namespace(struct decoder *decoder, const struct node *root, const struct meta *meta)
{
	struct namespace_object *object = build_new(decoder, sizeof(*object));

	(void)root;
	if (!object)
		return;
	object->meta = *meta;
	BUILD_ADD(decoder, decoder->objects->namespaces, decoder->objects->namespace_count,
		  decoder->objects->namespace_capacity, object);
}

static void build_port(struct decoder *decoder, const struct node *node, struct service_port *to)
{
	const struct node *target = value_get(node, "targetPort");

	to->name = build_intern(decoder, value_text(value_get(node, "name"), NULL));
	to->port = (int32_t)value_int(value_get(node, "port"), 0);
	to->protocol = build_name(decoder, value_get(node, "protocol"), "TCP");
	to->target_port = (int32_t)value_int(target, 0);
	to->target_port_name = build_intern(decoder, value_text(target, NULL));
	to->app_protocol = build_intern(decoder, value_text(value_get(node, "appProtocol"), NULL));
}

void build_service(struct decoder *decoder, const struct node *root, const struct meta *meta)
{
	const struct node *spec = value_get(root, "spec"), *ports = value_get(spec, "ports");
	struct service *service = build_new(decoder, sizeof(*service));

	if (!service)
		return;
	service->meta = *meta;
	service->is_headless = str_eq(value_text(value_get(spec, "clusterIP"), ""), "None");
	service->is_external_name = str_eq(value_text(value_get(spec, "type"), ""), "ExternalName");
	service->ports = build_items(decoder, ports, sizeof(*service->ports), &service->port_count);
	for (size_t i = 0; i < service->port_count; i++)
		build_port(decoder, value_item(ports, i), &service->ports[i]);
	BUILD_ADD(decoder, decoder->objects->services, decoder->objects->service_count,
		  decoder->objects->service_capacity, service);
}
