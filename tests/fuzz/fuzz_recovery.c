/* Intents of an interrupted run, whatever the journal says: one a line, "OPERATION ADDRESS DETAIL". Each is read and judged
 * against a small account; what was read of a detail can be written and read again. */
#include <stdlib.h>
#include <string.h>

#include "base/run.h"
#include "base/str.h"
#include "planner/recovery.h"
#include "tests/fuzz/fuzz.h"

#define INTENTS_MAX 64
#define TUNNEL_ID "f70ff985-a4ef-4643-bbbc-4a0ed4fc8415"

static void make_account(struct run *run, struct live_account *account)
{
	static struct live_record records[] = {
		{.id = "r1", .zone_id = "z1", .name = "a.example.com", .type = "CNAME", .content = TUNNEL_ID ".cfargotunnel.com",
		 .comment = "managed", .tags = "", .ttl = 1, .proxied = true},
		{.id = "r2", .zone_id = "z1", .name = "b.example.com", .type = "A", .content = "192.0.2.1", .comment = "", .tags = "", .ttl = 60},
		{.id = "r3", .zone_id = "z1", .name = "b.example.com", .type = "A", .content = "192.0.2.2", .comment = "", .tags = "", .ttl = 60},
	};
	static struct live_zone_records zones[] = {
		{.zone = {.id = "z1", .name = "example.com", .status = "active"}, .is_read = true, .records = records, .count = 3},
		{.zone = {.id = "z2", .name = "example.net", .status = "active"}, .is_read = true, .visibility = NOT_VISIBLE},
	};
	static const char config[] = "{\"ingress\":[{\"service\":\"http_status:404\"}]}";
	struct live_tunnel_state *tunnels = arena_array(run->arena, 2, sizeof(*tunnels));
	struct json *document = NULL;

	if (!tunnels || json_parse(run->arena, config, strlen(config), &document, NULL))
		abort();
	tunnels[0] = (struct live_tunnel_state){.tunnel = {.id = TUNNEL_ID, .name = "shop.edge.web", .is_remote = true},
						.has_config = true, .config = {.version = 1, .document = document}};
	tunnels[1] = (struct live_tunnel_state){.tunnel = {.id = "t2", .name = "other"}, .visibility = NOT_VISIBLE};
	*account = (struct live_account){.account = "main", .account_id = "1", .tunnels = tunnels, .tunnel_count = 2,
					 .zones = zones, .zone_count = 2};
	map_init(&account->gone, run->arena);
	if (live_index(run->arena, account))
		abort();
}

static size_t split(struct run *run, char *text, struct intent *intents)
{
	size_t count = 0;
	char *line;

	while (count < INTENTS_MAX && (line = strsep(&text, "\n"))) {
		struct intent *intent = &intents[count];

		intent->id = (int64_t)count++;
		intent->operation = strsep(&line, " ");
		intent->address = strsep(&line, " ");
		intent->detail = line ? arena_strdup(run->arena, line) : NULL;
	}
	return count;
}

static void judge(struct run *run, const struct recovery *found)
{
	const struct intent intent = {.operation = found->operation, .address = found->address};
	struct intent again = intent;
	const char *first = NULL, *second = NULL;
	struct recovery *read = NULL;

	if (!found->text || !recovery_finding_name(found->finding))
		abort();
	if (recovery_detail_write(run->arena, &found->detail, &first))
		abort();
	again.detail = first;
	if (recovery_read(run->arena, &again, 1, &read) || recovery_detail_write(run->arena, &read->detail, &second) ||
	    !str_eq(first, second))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct intent intents[INTENTS_MAX] = {0};
	struct recovery *list = NULL;
	struct live_account account;
	const struct live live = {.accounts = &account, .account_count = 1};
	struct run run;
	size_t count;
	char *text;

	if (run_init(&run))
		return 0;
	text = arena_memdup(run.arena, data, size);
	if (!text)
		abort();
	make_account(&run, &account);
	count = split(&run, text, intents);
	if (recovery_read(run.arena, intents, count, &list) || recovery_judge(run.arena, &live, list, count))
		abort();
	for (size_t i = 0; i < count; i++)
		judge(&run, &list[i]);
	run_done(&run);
	return 0;
}
