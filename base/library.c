/** @file Loading libraries when they are first used. */
#include "base/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/thread.h"

static enum rc refuse(const struct library *library, struct diags *diags, int error)
{
	const char *words = dlerror();
	struct diag *diag;

	if (error == ENOMEM)
		return RC_NOMEM;
	if (!diags)
		return RC_UNSUPPORTED;
	diag = diag_add(diags, SEVERITY_ERROR, "A0019", (struct span){0}, "%s, which %s needs, cannot be loaded: %s",
			library->file, library->purpose, str_or_empty(words));
	diag_help(diags, diag, "Install the package that has it; everything else works without.");
	return RC_UNSUPPORTED;
}

/** Lazily, as the loader does it with libraries that are linked: each still says of itself whether it wants to be bound at
 * once. All that adit calls is looked up here. */
static enum rc load(struct library *library, struct diags *diags)
{
	void *handle;

	if (library->first)
		(void)dlopen(library->first, RTLD_LAZY | RTLD_LOCAL);
	errno = 0;
	handle = dlopen(library->file, RTLD_LAZY | RTLD_LOCAL);
	if (!handle)
		return refuse(library, diags, errno);
	for (size_t i = 0; i < library->symbol_count; i++) {
		void *symbol = dlsym(handle, library->symbols[i].name);

		if (!symbol) {
			enum rc rc = refuse(library, diags, 0);

			dlclose(handle);
			return rc;
		}
		memcpy((char *)library->table + library->symbols[i].offset, &symbol, sizeof(symbol));
	}
	if (library->prepare)
		library->prepare(handle);
	return RC_OK;
}

/** What it fills is looked at only by who joined it. */
static void *load_ahead(void *data)
{
	struct library *library = data;

	library->is_loaded = !load(library, NULL);
	return NULL;
}

static void join(struct library *library)
{
	if (library->is_ahead)
		pthread_join(library->ahead, NULL);
	library->is_ahead = false;
}

void library_load_ahead(struct library *library)
{
	pthread_mutex_lock(&library->mutex);
	/* The thread that is under way writes is_loaded. */
	if (!library->is_ahead && !library->is_loaded)
		library->is_ahead = thread_start(&library->ahead, load_ahead, library);
	pthread_mutex_unlock(&library->mutex);
}

void library_wait(struct library *library)
{
	pthread_mutex_lock(&library->mutex);
	join(library);
	pthread_mutex_unlock(&library->mutex);
}

enum rc library_load(struct library *library, struct diags *diags)
{
	enum rc rc = RC_OK;

	pthread_mutex_lock(&library->mutex);
	join(library);
	if (!library->is_loaded)
		rc = load(library, diags);
	library->is_loaded = !rc;
	pthread_mutex_unlock(&library->mutex);
	return rc;
}
