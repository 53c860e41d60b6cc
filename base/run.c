/** @file What every part of one run shares. */
#include "base/run.h"

#include "base/limits.h"

enum rc run_init(struct run *run)
{
	struct arena *arena = arena_new(LIMIT_ARENA_BYTES);

	if (!arena)
		return RC_NOMEM;
	*run = (struct run){ .arena = arena };
	diags_init(&run->diags, arena);
	clock_init(&run->clock);
	return RC_OK;
}

void run_done(struct run *run)
{
	arena_free(run->texts);
	arena_free(run->arena);
	*run = (struct run){ 0 };
}

bool run_is_interrupted(const struct run *run)
{
	return run->interrupted && *run->interrupted;
}
