/* Texts in parts, parts to threads, results in order. A unit (a text, or a part of one) is decoded into objects and
 * diagnostics of its own, in the arena of whichever thread took it; decode_end() adopts the arenas and joins the units. */
#include "schema/decode_many.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/limits.h"
#include "base/thread.h"
#include "schema/decode_internal.h"

#define PART_BYTES ((size_t)256 * 1024)
#define MANY_BYTES ((size_t)2 * 1024 * 1024) /* from here on what was read is worth being kept */
#define SOME_BYTES ((size_t)128 * 1024)      /* less than this is read before a second thread would be warm */
#define SMALL_PART_BYTES ((size_t)32 * 1024) /* of what is not kept: so that all threads get something */
#define MAX_THREADS 7u

struct unit {
	size_t input;
	struct text part;
	uint32_t lines_before;
	bool is_part;
	uint8_t key[DECODE_KEY_BYTES];
	const char *cached;        /* as it was kept; NULL: it was not */
	size_t cached_size;
	/* The result. */
	enum rc rc;
	struct decoder *decoder;   /* NULL: not begun */
	struct objects objects;
	struct diags diags;
	char *sealed;              /* what is to be kept; owned; NULL: nothing is */
	size_t sealed_size;
};

struct worker {
	struct decode_job *job;
	struct arena *arena;
	struct arena *scratch;     /**< for one unit at a time */
	struct decode_cache cache; /**< for one unit at a time */
	struct map interned;       /**< strings that its units have in common */
	pthread_t thread;
};

struct decode_job {
	struct run *run;
	struct decode_input *inputs;
	bool is_kept;              /* there is a store */
	struct arena *cached;      /* what the store had */
	struct unit *units;
	size_t unit_count, unit_capacity;
	atomic_size_t next;        /* the first unit that nobody took */
	struct worker workers[MAX_THREADS + 1]; /* the caller's comes after the threads' */
	size_t thread_count;
};

struct decode_effort decode_effort(const struct decode_input *inputs, size_t count)
{
	struct decode_effort effort = {.part_bytes = SMALL_PART_BYTES};
	size_t bytes = 0;

	for (size_t i = 0; i < count && bytes < MANY_BYTES; i++)
		bytes += inputs[i].text->size;
	effort.is_large = bytes >= MANY_BYTES;
	if (effort.is_large)
		effort.part_bytes = PART_BYTES;
	if (bytes < SOME_BYTES)
		return effort;
	effort.threads = thread_processors() - 1;
	if (effort.threads > MAX_THREADS)
		effort.threads = MAX_THREADS;
	return effort;
}

static struct unit *add_unit(struct decode_job *job, size_t input)
{
	if (job->unit_count == job->unit_capacity) {
		size_t capacity = job->unit_capacity ? job->unit_capacity * 2 : 64;
		struct unit *grown = reallocarray(job->units, capacity, sizeof(*grown));

		if (!grown)
			return NULL;
		job->units = grown;
		job->unit_capacity = capacity;
	}
	memset(&job->units[job->unit_count], 0, sizeof(job->units[0]));
	job->units[job->unit_count].input = input;
	return &job->units[job->unit_count++];
}

/* "---" at the start of a line and nothing else in its word: whatever the text is, a document begins here, unless
 * directives stand before it; then they end the part before, which is no document, and the text is read as a whole. */
static bool is_document_start(const char *line, const char *end)
{
	return end - line > 3 && memcmp(line, "---", 3) == 0 && strchr(" \t\r\n", line[3]) && line[3];
}

/* Where to cut behind @p at, or @p end. */
static const char *find_cut(const char *at, const char *end)
{
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		if (!newline)
			return end;
		at = newline + 1;
		if (is_document_start(at, end))
			return at;
	}
	return end;
}

static uint32_t count_lines(const char *from, const char *to)
{
	uint32_t lines = 0;

	while (from < to)
		lines += *from++ == '\n';
	return lines;
}

static enum rc cut(struct decode_job *job, size_t input, size_t part_bytes)
{
	const struct text *text = job->inputs[input].text;
	const char *at = text->bytes, *end = text->bytes + text->size;
	bool is_cut = text->size / 2 > part_bytes;
	uint32_t lines = 0;

	do {
		const char *next = is_cut && (size_t)(end - at) > part_bytes ? find_cut(at + part_bytes, end) : end;
		struct unit *unit = add_unit(job, input);

		if (!unit)
			return RC_NOMEM;
		unit->part = (struct text){.name = text->name, .bytes = at, .size = (size_t)(next - at)};
		unit->lines_before = lines;
		unit->is_part = is_cut;
		if (next < end)
			lines += count_lines(at, next);
		at = next;
	} while (at < end);
	return RC_OK;
}

static enum rc open_unit(struct worker *worker, struct unit *unit)
{
	enum rc rc;

	diags_init(&unit->diags, worker->arena);
	unit->objects = (struct objects){0};
	arena_reset(worker->scratch);
	rc = decode_open(worker->arena, &unit->diags, &unit->objects, &unit->decoder);
	if (rc)
		return rc;
	unit->decoder->interned = &worker->interned;
	unit->decoder->scratch = worker->scratch;
	return RC_OK;
}

static enum rc read_unit(struct worker *worker, struct unit *unit)
{
	const struct decode_input *input = &worker->job->inputs[unit->input];
	struct decoder *decoder = unit->decoder;
	bool is_kept = worker->job->is_kept;
	enum rc rc;

	if (is_kept) {
		decode_cache_begin(&worker->cache, worker->scratch, unit->lines_before);
		decoder->cache = &worker->cache;
	}
	if (unit->is_part)
		rc = decode_part(decoder, input->text, input->default_namespace, &unit->part, unit->lines_before);
	else
		rc = decode_text(decoder, input->text, input->default_namespace);
	/* Without it, it is only read again. */
	if (is_kept && !rc && !unit->objects.invalid_count)
		unit->sealed = decode_cache_seal(&worker->cache, unit->key, decoder->check.visited, &unit->sealed_size);
	return rc;
}

static enum rc decode_unit(struct worker *worker, struct unit *unit)
{
	const struct decode_input *input = &worker->job->inputs[unit->input];
	enum rc rc;

	if (run_is_interrupted(worker->job->run))
		return RC_CANCELLED;
	rc = open_unit(worker, unit);
	if (rc || !unit->cached)
		return rc ? rc : read_unit(worker, unit);
	rc = decode_cached(unit->decoder, input->text, input->default_namespace, unit->lines_before, unit->cached,
			   unit->cached_size, unit->key);
	if (rc != RC_CORRUPT)
		return rc;
	decode_close(unit->decoder);
	unit->decoder = NULL;
	rc = open_unit(worker, unit);
	return rc ? rc : read_unit(worker, unit);
}

static void *work(void *data)
{
	struct worker *worker = data;
	struct decode_job *job = worker->job;

	for (;;) {
		size_t next = atomic_fetch_add(&job->next, 1);

		if (next >= job->unit_count)
			return NULL;
		job->units[next].rc = decode_unit(worker, &job->units[next]);
		/* Thousands of units wait to be joined: only what they made is kept. */
		if (job->units[next].decoder) {
			arena_free(job->units[next].decoder->nodes);
			job->units[next].decoder->nodes = NULL;
		}
	}
}

static enum rc start_threads(struct decode_job *job, size_t wanted)
{
	for (size_t i = 0; i <= wanted && i <= MAX_THREADS; i++) {
		struct worker *worker = &job->workers[i];

		*worker = (struct worker){
			.job = job, .arena = arena_new(LIMIT_ARENA_BYTES), .scratch = arena_new(LIMIT_ARENA_BYTES)};
		if (!worker->arena || !worker->scratch)
			return RC_NOMEM;
		map_init(&worker->interned, worker->arena);
		decode_cache_init(&worker->cache);
		/* The last one is the caller's. With fewer threads than wished for it only takes longer. */
		if (i == wanted || job->unit_count < 2 || !thread_start(&worker->thread, work, worker))
			break;
		job->thread_count++;
	}
	return RC_OK;
}

/* What is read of bytes depends on them, on the default namespace, and on this adit. */
static void make_key(XXH3_state_t *state, const struct decode_input *input, struct unit *unit)
{
	static const uint32_t format = DECODE_CACHE_FORMAT;
	const char *name_space = input->default_namespace;
	XXH128_canonical_t canonical;
	const struct kind *kinds;
	size_t count;

	kinds = kind_table(&count);
	XXH3_128bits_reset(state);
	XXH3_128bits_update(state, ADIT_VERSION, sizeof(ADIT_VERSION));
	XXH3_128bits_update(state, &format, sizeof(format));
	for (size_t i = 0; i < count; i++)
		XXH3_128bits_update(state, kinds[i].name, strlen(kinds[i].name) + 1);
	/* None is not the same as an empty one. */
	XXH3_128bits_update(state, name_space ? "+" : "-", 1);
	if (name_space)
		XXH3_128bits_update(state, name_space, strlen(name_space) + 1);
	XXH3_128bits_update(state, unit->part.bytes, unit->part.size);
	XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state));
	memcpy(unit->key, canonical.digest, sizeof(unit->key));
}

static enum rc look_up(struct decode_job *job, const struct decode_store *store)
{
	XXH3_state_t *state = XXH3_createState();

	job->cached = arena_new(LIMIT_ARENA_BYTES);
	for (size_t i = 0; state && job->cached && i < job->unit_count; i++) {
		struct unit *unit = &job->units[i];

		make_key(state, &job->inputs[unit->input], unit);
		if (!store->get(store->context, job->cached, unit->key, &unit->cached, &unit->cached_size))
			unit->cached = NULL;
	}
	XXH3_freeState(state);
	return state && job->cached ? RC_OK : RC_NOMEM;
}

enum rc decode_begin(struct run *run, struct decode_input *inputs, size_t count, const struct decode_effort *effort,
		     const struct decode_store *store, struct decode_job **ret_job)
{
	struct decode_job *job = calloc(1, sizeof(*job));
	enum rc rc = job ? RC_OK : RC_NOMEM;

	if (rc)
		return rc;
	job->run = run;
	job->inputs = inputs;
	job->is_kept = store;
	for (size_t i = 0; !rc && i < count; i++)
		rc = cut(job, i, effort->part_bytes);
	if (!rc && store)
		rc = look_up(job, store);
	if (!rc)
		rc = start_threads(job, effort->threads);
	if (rc)
		decode_abandon(job);
	else
		*ret_job = job;
	return rc;
}

static void join_threads(struct decode_job *job)
{
	for (size_t i = 0; i < job->thread_count; i++)
		pthread_join(job->workers[i].thread, NULL);
	job->thread_count = 0;
}

void decode_abandon(struct decode_job *job)
{
	if (!job)
		return;
	atomic_store(&job->next, job->unit_count);
	join_threads(job);
	for (size_t i = 0; i < job->unit_count; i++) {
		decode_close(job->units[i].decoder);
		free(job->units[i].sealed);
	}
	arena_free(job->cached);
	for (size_t i = 0; i <= MAX_THREADS; i++) {
		arena_free(job->workers[i].arena);
		arena_free(job->workers[i].scratch);
		decode_cache_done(&job->workers[i].cache);
	}
	free(job->units);
	free(job);
}

static void adopt_arenas(struct decode_job *job, struct arena *arena)
{
	for (size_t i = 0; i <= MAX_THREADS; i++) {
		if (job->workers[i].arena)
			arena_adopt(arena, job->workers[i].arena);
		job->workers[i].arena = NULL;
	}
}

/* All units of an input, from number @p first on. @param ret_end  the first unit of the next input */
static enum rc join_input(struct decode_job *job, struct decoder *decoder, size_t first, size_t *ret_end)
{
	struct decode_input *input = &job->inputs[job->units[first].input];
	size_t before = decoder->objects->document_count, end = first;
	bool is_whole = true;
	enum rc rc = RC_OK;

	for (; end < job->unit_count && job->units[end].input == job->units[first].input; end++) {
		const struct unit *unit = &job->units[end];

		if (!rc && (unit->rc == RC_NOMEM || unit->rc == RC_CANCELLED))
			rc = unit->rc;
		is_whole &= !unit->rc;
	}
	*ret_end = end;
	if (!rc && !is_whole)
		rc = decode_text(decoder, input->text, input->default_namespace);
	for (size_t i = first; !rc && is_whole && i < end; i++)
		rc = decode_absorb(decoder, job->units[i].decoder);
	input->document_count = decoder->objects->document_count - before;
	return rc;
}

/** Of Routes there may be a hundred thousand: room for all at once. */
static enum rc reserve_routes(const struct decode_job *job, struct decoder *decoder)
{
	struct objects *objects = decoder->objects;
	size_t count = objects->route_count;

	for (size_t i = 0; i < job->unit_count; i++)
		count += job->units[i].objects.route_count;
	if (count <= objects->route_capacity || objects->route_count)
		return RC_OK;
	objects->routes = arena_array(decoder->arena, count, sizeof(*objects->routes));
	objects->route_capacity = count;
	return objects->routes ? RC_OK : RC_NOMEM;
}

static enum rc join_all(struct decode_job *job, struct decoder *decoder)
{
	enum rc rc = reserve_routes(job, decoder);

	for (size_t next = 0; !rc && next < job->unit_count;)
		rc = join_input(job, decoder, next, &next);
	return rc ? rc : decode_finish(decoder);
}

/** What was sealed of one unit. */
struct kept_unit {
	uint8_t key[DECODE_KEY_BYTES];
	char *bytes;
	size_t size;
};

struct decode_kept {
	size_t count;
	struct kept_unit units[];
};

void decode_kept_free(struct decode_kept *kept)
{
	for (size_t i = 0; kept && i < kept->count; i++)
		free(kept->units[i].bytes);
	free(kept);
}

void decode_keep(struct decode_kept *kept, const struct decode_store *store)
{
	for (size_t i = 0; kept && i < kept->count; i++) {
		struct kept_unit *unit = &kept->units[i];

		store->put(store->context, unit->key, unit->bytes, unit->size);
		free(unit->bytes);
		unit->bytes = NULL;
	}
	if (kept)
		kept->count = 0;
}

/* @return NULL: nothing was sealed, or it is too much to be kept */
static struct decode_kept *take_kept(struct decode_job *job)
{
	struct decode_kept *kept;
	size_t count = 0;

	for (size_t i = 0; i < job->unit_count; i++)
		count += job->units[i].sealed != NULL;
	kept = count ? calloc(1, sizeof(*kept) + count * sizeof(kept->units[0])) : NULL;
	for (size_t i = 0; kept && i < job->unit_count; i++) {
		struct unit *unit = &job->units[i];

		if (!unit->sealed)
			continue;
		memcpy(kept->units[kept->count].key, unit->key, sizeof(unit->key));
		kept->units[kept->count].size = unit->sealed_size;
		kept->units[kept->count++].bytes = unit->sealed;
		unit->sealed = NULL;
	}
	return kept;
}

enum rc decode_end(struct decode_job *job, struct objects *objects, struct decode_kept **ret_kept)
{
	struct run *run = job->run;
	struct decoder *decoder;
	enum rc rc;

	work(&job->workers[job->thread_count]);
	join_threads(job);
	adopt_arenas(job, run->arena);
	rc = decode_open(run->arena, &run->diags, objects, &decoder);
	if (!rc) {
		rc = join_all(job, decoder);
		decode_close(decoder);
	}
	if (!rc)
		*ret_kept = take_kept(job);
	decode_abandon(job);
	return rc;
}
