/* Project files, whatever they are: read over the defaults, or refused with words and without effect. */
#include <stdlib.h>
#include <string.h>

#include "base/run.h"
#include "schema/project.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new((size_t)256 * 1024 * 1024);
	struct text text = {.name = "adit.yaml", .bytes = (const char *)data, .size = size};
	struct project project, before;
	struct diags diags;
	enum rc rc;

	if (!arena)
		return 0;
	diags_init(&diags, arena);
	project_init(&project);
	before = project;
	rc = project_read(arena, &diags, &text, &project);
	if (rc == RC_INVALID && (!diags.error_count || memcmp(&before, &project, sizeof(before)) != 0))
		abort(); /* refused without a word, or in part */
	if (!rc && (!project_is_name(project.name) || project.budget.calls < 1 || project.budget.share_percent > 100))
		abort();
	arena_free(arena);
	return 0;
}
