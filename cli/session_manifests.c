/* The manifests that a command works on: collected, decoded, translated. */
#include "cli/sharing.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/thread.h"
#include "schema/decode_many.h"
#include "schema/translate.h"
#include "sources/source.h"

static enum rc nothing_to_read(struct session *session)
{
	struct diag *diag = diag_add(&session->run.diags, SEVERITY_ERROR, "A0813", (struct span){ 0 },
				     "there is nothing to read");

	diag_help(&session->run.diags, diag,
		  "Name files or folders with -f, or list them under spec.sources in adit.yaml.");
	session->verdict.usage = true;
	return RC_INVALID;
}

/** -f takes the place of the project's sources; -n that of their namespaces. */
static enum rc list_inputs(struct session *session, struct source_input **ret_inputs, size_t *ret_count)
{
	const struct string_list *files = &session->options.files;
	const struct project *project = &session->project;
	size_t count = files->count ? files->count : project->source_count;
	struct source_input *inputs = arena_array(session->run.arena, count, sizeof(*inputs));

	if (!inputs)
		return RC_NOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct project_source *source = files->count ? NULL : &project->sources[i];

		inputs[i].path = source ? file_join(session->run.arena, project->folder, source->path)
					: files->items[i];
		inputs[i].name_space = source ? source->name_space : NULL;
		inputs[i].may_be_empty = session->options.allow_empty;
		if (source)
			inputs[i].span = source->span;
		if (session->options.name_space)
			inputs[i].name_space = session->options.name_space;
		if (!inputs[i].path)
			return RC_NOMEM;
	}
	*ret_inputs = inputs;
	*ret_count = count;
	return RC_OK;
}

/** Remember an input of which nothing came. One whose files another input has, too, is not looked at. */
static void note_empty_source(struct session *session)
{
	const struct source_text *texts = session->texts;

	for (size_t i = 0; i < session->text_count && !session->empty_source; i++) {
		size_t sum = session->decoded[i].document_count;

		for (size_t j = 0; j < session->text_count && !sum; j++)
			if (texts[j].input == texts[i].input)
				sum += session->decoded[j].document_count;
		if (sum)
			continue;
		session->empty_source = texts[i].input->path;
		session->empty_source_span = texts[i].input->span;
	}
}

static enum rc collect(struct session *session)
{
	struct run *run = &session->run;
	struct source_input *inputs;
	size_t count;
	enum rc rc = list_inputs(session, &inputs, &count);

	if (rc)
		return rc;
	if (!count)
		return nothing_to_read(session);
	return source_collect(run, inputs, count, STDIN_FILENO, &session->texts, &session->text_count);
}

static void *digest(void *data)
{
	struct session *session = data;

	session->digesting.digest = source_digest(session->digesting.arena, session->texts, session->text_count);
	return NULL;
}

/** Of a large input beside decoding: it takes a tenth as long as reading it. */
static enum rc begin_digest(struct session *session)
{
	session->digesting.arena = arena_new(LIMIT_ARENA_BYTES);
	if (!session->digesting.arena)
		return RC_NOMEM;
	session->digesting.is_running = session->is_large && thread_processors() > 1 &&
					thread_start(&session->digesting.thread, digest, session);
	if (!session->digesting.is_running)
		digest(session);
	return RC_OK;
}

bool session_end_digest(struct session *session)
{
	const char *made;

	if (session->digesting.is_running)
		pthread_join(session->digesting.thread, NULL);
	session->digesting.is_running = false;
	made = session->digesting.digest;
	session->digesting.digest = NULL;
	if (made)
		memcpy(session->objects.digest, made, strlen(made) + 1);
	arena_free(session->digesting.arena);
	session->digesting.arena = NULL;
	return made != NULL;
}

_Static_assert(DECODE_KEY_BYTES == CACHE_KEY_BYTES, "what is decoded is kept under its key");

static bool get_cached(void *context, struct arena *arena, const uint8_t key[CACHE_KEY_BYTES], const char **ret_bytes, size_t *ret_size)
{
	return cache_get(context, arena, key, ret_bytes, ret_size);
}

static void put_cached(void *context, const uint8_t key[CACHE_KEY_BYTES], const char *bytes, size_t size)
{
	cache_put(context, key, bytes, size);
}

/** Beside a state that is a file, else beside the project file. */
static enum rc open_cache(struct session *session)
{
	struct arena *arena = session->run.arena;
	const char *location = session->state_location;
	bool is_remote = session_is_remote(location);
	char *folder = is_remote ? file_join(arena, session->project.folder, ".adit") : file_folder(arena, location);
	char *path = folder ? file_join(arena, folder, "adit-cache.db") : NULL;

	if (!path)
		return RC_NOMEM;
	/* Nobody else makes it there. If it cannot be made nothing is kept. */
	if (is_remote)
		(void)mkdir(folder, 0700);
	session->cache = cache_open(path);
	session->decode_store = (struct decode_store){ .context = session->cache, .get = get_cached, .put = put_cached };
	return session->cache ? RC_OK : RC_NOMEM;
}

enum rc session_begin_manifests(struct session *session)
{
	struct decode_effort effort;
	enum rc rc = collect(session);

	if (rc)
		return rc;
	session->decoded = arena_array(session->run.arena, session->text_count, sizeof(*session->decoded));
	if (!session->decoded)
		return RC_NOMEM;
	for (size_t i = 0; i < session->text_count; i++)
		session->decoded[i] = (struct decode_input){
			.text = session->texts[i].text, .default_namespace = session->texts[i].name_space };
	effort = decode_effort(session->decoded, session->text_count);
	session->is_large = effort.is_large;
	if (effort.is_large && session->state_location)
		rc = open_cache(session);
	if (!rc)
		rc = begin_digest(session);
	if (!rc)
		rc = decode_begin(&session->run, session->decoded, session->text_count, &effort,
				  session->cache ? &session->decode_store : NULL, &session->decoding);
	cache_release(session->cache);
	return rc;
}

static void *keep(void *data)
{
	struct session *session = data;

	decode_keep(session->kept, &session->decode_store);
	decode_kept_free(session->kept);
	cache_close(session->cache);
	session->kept = NULL;
	session->cache = NULL;
	return NULL;
}

/** Nothing else of the run touches what is kept, nor the cache: it is written beside whatever comes next. */
static void begin_keeping(struct session *session)
{
	if (!session->kept)
		return;
	session->is_keeping = thread_start(&session->keeping, keep, session);
	if (!session->is_keeping)
		keep(session);
}

void session_end_keeping(struct session *session)
{
	if (session->is_keeping)
		pthread_join(session->keeping, NULL);
	session->is_keeping = false;
	cache_close(session->cache);
	session->cache = NULL;
}

enum rc session_load_manifests(struct session *session)
{
	struct decode_job *job;
	enum rc rc = session->decoding ? RC_OK : session_begin_manifests(session);

	if (rc)
		return rc;
	job = session->decoding;
	session->decoding = NULL;
	rc = decode_end(job, &session->objects, &session->kept);
	begin_keeping(session);
	if (!session_end_digest(session))
		rc = rc ? rc : RC_NOMEM;
	if (!rc)
		note_empty_source(session);
	/* As much as all the rest of a large input; a quote reads it again. */
	if (session->is_large)
		source_forget(&session->run, session->texts, session->text_count);
	return rc;
}

/** Who is recorded: what decides between two claimants. */
static const char *recorded_owner(const void *context, const char *address)
{
	const struct recorded_state *recorded = context;
	const struct recorded *item = map_get(&recorded->by_address, address);

	if (!item || item->resource->kind == RESOURCE_TUNNEL)
		return NULL;
	return item->resource->kind == RESOURCE_RULE ? item->resource->origin.object : item->resource->tunnel;
}

/** What translation asks for once it must know whose what was. */
struct late {
	struct session *session;
	const struct recorded_state *recorded;
	enum rc (*learn)(void *context);
	void *context;
};

static enum rc learn_recorded(void *context, struct translate_input *input)
{
	const struct late *late = context;
	enum rc rc = late->learn ? late->learn(late->context) : RC_OK;

	input->recorded_owner = late->recorded ? recorded_owner : NULL;
	input->recorded = late->recorded;
	input->taken = sharing_taken(late->session);
	return rc;
}

enum rc session_translate(struct session *session, const struct recorded_state *recorded, enum rc (*learn)(void *context),
			  void *context)
{
	struct late late = { .session = session, .recorded = recorded, .learn = learn, .context = context };
	struct translate_input input = {
		.project = &session->project,
		.objects = &session->objects,
		.learn = learn_recorded,
		.context = &late,
		.may_be_empty = session->options.allow_empty,
	};
	enum rc rc = sharing_add_gateways(session);

	return rc ? rc : translate(session->run.arena, &session->run.diags, &input, &session->desired);
}

/** Other projects' Gateways are in the state, and nowhere else. */
static enum rc learn_shared(struct session *session)
{
	enum rc rc = RC_OK;

	if (!session->project.shared_gateway_count)
		return RC_OK;
	if (!session->store)
		rc = session_open_store(session, STORE_READ);
	return rc ? rc : sharing_learn(session, NULL);
}

enum rc session_load_desired(struct session *session)
{
	enum rc rc = session_load_project(session);

	if (!rc)
		rc = learn_shared(session);
	if (!rc)
		rc = session_load_manifests(session);
	/* What is missing because it was refused would be complained about once more. */
	if (!rc && session->objects.invalid_count)
		rc = RC_INVALID;
	return rc ? rc : session_translate(session, NULL, NULL, NULL);
}
