/* spec.gateways: which of the input's Gateways count, and Gateways of other projects. */
#include "schema/project_internal.h"

#include <stddef.h>
#include <string.h>

static enum rc read_from(struct reading *reading, const struct setting *setting)
{
	struct gateway_from *from = setting->object;
	const char *text = read_checked_text(reading, setting), *slash = text ? strchr(text, '/') : NULL;

	if (!slash)
		return RC_OK;
	from->project = arena_memdup(reading->arena, text, (size_t)(slash - text));
	from->gateway = slash + 1;
	return from->project ? RC_OK : RC_NOMEM;
}

static const struct project_key from_keys[] = {
	{.name = "from", .read = read_from, .check = check_gateway_from,
	 .form = "project/namespace/gateway of a Gateway that another project owns, such as platform/edge/web",
	 .need = "Add from: and the Gateway of another project, such as platform/edge/web."},
};

static enum rc read_one(struct reading *reading, const struct setting *item, struct project *project)
{
	static const struct project_table table = {from_keys, COUNT(from_keys), sizeof(struct gateway_from), false};
	struct setting from = *item;
	const char *glob;

	if (item->node->kind != NODE_MAPPING) {
		glob = read_checked_text(reading, item);
		if (glob)
			project->gateways[project->gateway_count++] = glob;
		return RC_OK;
	}
	from.object = &project->shared_gateways[project->shared_gateway_count++];
	project->shared_gateways[project->shared_gateway_count - 1].span = node_span(reading->text, item->node);
	return read_table(reading, &from, &table);
}

enum rc read_gateways(struct reading *reading, const struct setting *setting)
{
	struct project *project = setting->object;
	enum rc rc = RC_OK;
	size_t count;

	if (!reading_is_kind(reading, setting, NODE_SEQUENCE))
		return RC_OK;
	count = setting->node->u.sequence.count;
	project->gateways = arena_array(reading->arena, count, sizeof(const char *));
	project->shared_gateways = arena_array(reading->arena, count, sizeof(*project->shared_gateways));
	project->gateway_count = project->shared_gateway_count = 0;
	if (!project->gateways || !project->shared_gateways)
		return RC_NOMEM;
	for (size_t i = 0; !rc && i < count; i++) {
		struct setting item = *setting;

		item.path = arena_printf(reading->arena, "%s[%zu]", setting->path, i);
		item.node = setting->node->u.sequence.items[i];
		rc = item.path ? read_one(reading, &item, project) : RC_NOMEM;
	}
	return rc;
}
