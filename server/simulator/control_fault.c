/* /_simulator/: faults, and going back to earlier data. */
#include "base/str.h"
#include "server/simulator/control.h"
#include "server/simulator/store.h"

enum rc control_list_faults(struct call *call)
{
	const struct faults *faults = &call->service->faults;
	struct build *build = &call->build;

	call->result = build_array(build);
	for (size_t i = 0; i < faults->count; i++) {
		struct json *item = build_object(build);

		build_string(build, item, "fault", faults->items[i].spec);
		build_int(build, item, "seen", faults->items[i].seen);
		build_int(build, item, "hits", faults->items[i].hits);
		build_push(build, call->result, item);
	}
	return build->rc;
}

enum rc control_set_faults(struct call *call)
{
	const struct json *list = json_get(call->body, "faults");
	struct faults *faults = &call->service->faults;
	const char *why = "there are too many";

	if (!list || list->type != JSON_ARRAY)
		return call_refuse_invalid(call, "faults must be an array");
	faults_clear(faults);
	call->is_up_again = true;
	for (size_t i = 0; i < json_count(list); i++) {
		const struct json *item = json_item(list, i);

		if (item->type != JSON_STRING)
			return call_refuse_invalid(call, "faults must hold strings");
		if (faults_add(faults, &call->service->clock, item->u.string, &why))
			return call_refuse_invalid(call, "fault \"%s\": %s", item->u.string, why);
	}
	return RC_OK;
}

enum rc control_clear_faults(struct call *call)
{
	faults_clear(&call->service->faults);
	call->is_up_again = true;
	return RC_OK;
}

enum rc control_snapshot(struct call *call)
{
	struct service *service = call->service;
	struct store *copy = NULL;
	enum rc rc;

	if (service->snapshot_count == SIMULATOR_SNAPSHOTS)
		return call_refuse_invalid(call, "there are %u snapshots already", SIMULATOR_SNAPSHOTS);
	rc = store_copy(call->store, &copy);
	if (rc) {
		store_close(copy);
		return rc;
	}
	service->snapshots[service->snapshot_count++] = copy;
	call->result = build_object(&call->build);
	build_int(&call->build, call->result, "id", (int64_t)service->snapshot_count);
	return RC_OK;
}

enum rc control_restore(struct call *call)
{
	struct service *service = call->service;
	int64_t id = json_get_int(call->body, "id", 0);

	if (id < 1 || id > (int64_t)service->snapshot_count)
		return call_refuse_invalid(call, "there is no such snapshot");
	return store_copy(service->snapshots[id - 1], &call->store);
}
