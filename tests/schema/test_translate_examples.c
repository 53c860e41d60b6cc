/* The Gateway API project's own examples, each taken as ours: whatever they ask for, the documents must be such that
 * cloudflared takes them. Skipped where the examples are not at hand. */
#include <fts.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/str.h"
#include "schema/decode.h"
#include "schema/translate.h"
#include "tests/base/unit.h"
#include "tests/schema/cloudflared_rules.h"

static void decode(struct arena *arena, struct diags *diags, const char *path, struct objects *objects)
{
	struct decoder *decoder = NULL;
	struct text *text = NULL;

	assert_int_equal(file_read(arena, diags, path, LIMIT_FILE_BYTES, &text), RC_OK);
	assert_int_equal(decode_open(arena, diags, objects, &decoder), RC_OK);
	assert_int_equal(decode_text(decoder, text, NULL), RC_OK);
	assert_int_equal(decode_finish(decoder), RC_OK);
	decode_close(decoder);
}

/** A project to which every class of the input belongs. */
static struct project project_for(struct arena *arena, const struct objects *objects)
{
	struct project project = {.name = "examples", .tunnel_name = "{project}.{namespace}.{gateway}"};
	struct account *account = arena_alloc(arena, sizeof(*account));
	const char **names = arena_array(arena, objects->gateway_count + objects->class_count, sizeof(*names));

	assert_non_null(account);
	assert_non_null(names);
	account->name = "main";
	account->gateway_classes = names;
	for (size_t i = 0; i < objects->gateway_count; i++)
		names[account->gateway_class_count++] = objects->gateways[i]->class_name;
	project.accounts = account;
	project.account_count = 1;
	project.controller_names = names + account->gateway_class_count;
	for (size_t i = 0; i < objects->class_count; i++)
		project.controller_names[project.controller_name_count++] = objects->classes[i]->controller_name;
	return project;
}

/** @return rules rendered */
static size_t check(struct arena *arena, const char *path)
{
	struct objects objects = {0};
	struct desired *desired = NULL;
	struct diags diags;
	struct project project;
	struct translate_input input = {.project = &project, .objects = &objects};

	diags_init(&diags, arena);
	decode(arena, &diags, path, &objects);
	project = project_for(arena, &objects);
	if (translate(arena, &diags, &input, &desired)) {
		assert_int_equal(objects.gateway_count, 0);
		return 0;
	}
	for (size_t i = 0; i < desired->tunnel_count; i++) {
		struct json *config = NULL;
		const char *refusal;

		assert_int_equal(translate_document(arena, &desired->tunnels[i], &config), RC_OK);
		refusal = cloudflared_refusal(arena, config);
		if (refusal)
			fail_msg("%s: %s", path, refusal);
	}
	return desired->rule_count;
}

static void examples_give_documents_that_cloudflared_takes(void **state)
{
	char folder[] = TESTDATA "/../../shared/data/gateway-api-examples";
	char *const folders[] = {folder, NULL};
	FTS *tree = file_exists(folder) ? fts_open(folders, FTS_LOGICAL | FTS_NOCHDIR, NULL) : NULL;
	size_t rules = 0;

	(void)state;
	if (!tree)
		skip();
	for (FTSENT *entry; (entry = fts_read(tree));) {
		struct arena *arena;

		if (entry->fts_info != FTS_F || !str_has_suffix(entry->fts_path, ".yaml"))
			continue;
		arena = arena_new((size_t)256 << 20);
		rules += check(arena, entry->fts_path);
		arena_free(arena);
	}
	fts_close(tree);
	assert_true(rules > 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples_give_documents_that_cloudflared_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
