/* spec.ignore: drift that is neither reported nor written back. */
#include "schema/project_internal.h"

#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

#define AT(field) offsetof(struct ignore_rule, field)

/* A date alone is its first moment in UTC. */
static enum rc read_until(struct reading *reading, const struct setting *setting)
{
	struct ignore_rule *rule = setting->object;
	const char *text = setting->node->text;
	struct diag *diag;
	int64_t ms = 0;

	if (!reading_is_kind(reading, setting, NODE_STRING))
		return RC_OK;
	if (strlen(text) == strlen("2026-12-31"))
		text = arena_printf(reading->arena, "%sT00:00:00Z", text);
	if (!text)
		return RC_NOMEM;
	if (clock_parse_rfc3339(text, &ms) == RC_OK && ms > 0) {
		rule->until_s = ms / 1000;
		return RC_OK;
	}
	diag = reading_fault(reading, setting, "A0307", "is no date: \"%.40s\"", setting->node->text);
	diag_help(reading->diags, diag, "Write it like 2026-12-31 or 2026-12-31T18:00:00Z.");
	return RC_OK;
}

static const struct project_key ignore_keys[] = {
	{.name = "address", .read = read_text, .offset = AT(address), .check = check_address_glob,
	 .form = "an address such as cname/app.example.com, where * and ? stand for anything",
	 .need = "Add address: and what is ignored; * stands for anything."},
	{.name = "field", .read = read_text, .offset = AT(field), .check = check_field_name,
	 .form = "a field's name as plans show it, such as comment, proxied or origin_request"},
	{.name = "reason", .read = read_text, .offset = AT(reason), .need = "Say why it is ignored: somebody will ask."},
	{.name = "until", .read = read_until},
};

enum rc read_ignores(struct reading *reading, const struct setting *setting)
{
	static const struct project_table table = {ignore_keys, COUNT(ignore_keys), sizeof(struct ignore_rule), false};
	struct project *project = setting->object;
	void *items = NULL;
	size_t count = 0;
	enum rc rc = read_tables(reading, setting, &table, &items, &count);

	project->ignores = items;
	project->ignore_count = count;
	for (size_t i = 0; i < count; i++)
		project->ignores[i].span = node_span(reading->text, setting->node->u.sequence.items[i]);
	return rc;
}
