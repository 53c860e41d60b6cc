/** @file
 * Inputs to texts, in two passes: first every file is found, then they are sorted and read. Only so does the name
 * that a file keeps when it is reached twice not depend on the order of the inputs. */
#include "sources/source.h"

#include <string.h>
#include <xxhash.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/sort.h"
#include "base/str.h"
#include "sources/finder.h"

#define DIGEST_HEX_BYTES 64u

/* The entries made of one file: one per namespace, seldom more than one in all. */
struct reading {
	struct text *text;
	const char *name_space;
	struct reading *next;
};

struct reader {
	struct run *run;
	struct map readings; /* struct file_id -> first struct reading */
	struct source_text *texts;
	size_t count, capacity;
	bool is_faulty;
};

static int compare_files(const void *left, const void *right)
{
	const struct found_file *a = left, *b = right;
	int order = strcmp(a->path, b->path);

	return order ? order : str_compare(a->input->name_space, b->input->name_space);
}

static int compare_texts(const void *left, const void *right)
{
	const struct source_text *a = left, *b = right;
	int order = strcmp(a->text->name, b->text->name);

	return order ? order : str_compare(a->name_space, b->name_space);
}

static enum rc add_text(struct reader *reader, struct text *text, const struct source_input *input)
{
	struct source_text *texts;

	texts = arena_grow(reader->run->arena, reader->texts, reader->count, &reader->capacity, sizeof(*texts));
	if (!texts)
		return RC_NOMEM;
	reader->texts = texts;
	texts[reader->count++] = (struct source_text){ .text = text, .name_space = input->name_space, .input = input };
	return RC_OK;
}

/* What file_read() calls a fault, which it has named, must not stop the files after it. */
static enum rc note_fault(struct reader *reader, enum rc rc)
{
	if (rc == RC_NOMEM || rc == RC_CANCELLED)
		return rc;
	reader->is_faulty = true;
	return RC_OK;
}

static enum rc read_found(struct reader *reader, const struct found_file *file)
{
	struct run *run = reader->run;
	struct reading *first = map_get_bytes(&reader->readings, &file->id, sizeof(file->id));
	struct reading *reading;
	struct text *text;
	enum rc rc;

	for (reading = first; reading; reading = reading->next)
		if (str_eq(reading->name_space, file->input->name_space))
			return RC_OK;
	reading = arena_alloc(run->arena, sizeof(*reading));
	if (!reading)
		return RC_NOMEM;
	*reading = (struct reading){ .name_space = file->input->name_space, .next = first };
	if (first) {
		reading->text = first->text;
	} else {
		rc = file_read_into(run->arena, run->texts, &run->diags, file->path, LIMIT_FILE_BYTES, &text);
		if (rc)
			return note_fault(reader, rc);
		reading->text = text;
	}
	rc = map_put_bytes(&reader->readings, &file->id, sizeof(file->id), reading, NULL);
	return rc ? rc : add_text(reader, reading->text, file->input);
}

static enum rc read_stdin(struct reader *reader, const struct source_input *input, int fd)
{
	struct text *text;
	enum rc rc = file_read_fd(reader->run->arena, &reader->run->diags, fd, "<stdin>", LIMIT_FILE_BYTES, &text);

	if (rc)
		return note_fault(reader, rc);
	return add_text(reader, text, input);
}

/* Find all files; *ret_stdin is the input that is standard input, or NULL. */
static enum rc find_all(struct finder *finder, const struct source_input *inputs, size_t count,
			const struct source_input **ret_stdin)
{
	enum rc rc = RC_OK;

	*ret_stdin = NULL;
	for (size_t i = 0; !rc && i < count; i++) {
		if (!str_eq(inputs[i].path, SOURCE_STDIN)) {
			rc = finder_search(finder, &inputs[i]);
		} else if (!*ret_stdin) {
			*ret_stdin = &inputs[i];
		} else {
			finder->input = &inputs[i];
			finder_fault(finder, "A0015", "standard input (-) is given twice, but can be read only once");
		}
	}
	return rc;
}

static enum rc read_all(struct reader *reader, struct finder *finder, const struct source_input *stdin_input,
			int stdin_fd)
{
	enum rc rc = RC_OK;

	sort_items(finder->files, finder->count, sizeof(*finder->files), compare_files);
	for (size_t i = 0; !rc && i < finder->count; i++)
		rc = run_is_interrupted(reader->run) ? RC_CANCELLED : read_found(reader, &finder->files[i]);
	if (!rc && stdin_input)
		rc = read_stdin(reader, stdin_input, stdin_fd);
	if (!rc)
		sort_items(reader->texts, reader->count, sizeof(*reader->texts), compare_texts);
	return rc;
}

enum rc source_collect(struct run *run, const struct source_input *inputs, size_t count, int stdin_fd,
		       struct source_text **ret_texts, size_t *ret_count)
{
	struct finder finder = { .run = run };
	struct reader reader = { .run = run };
	const struct source_input *stdin_input;
	enum rc rc = find_all(&finder, inputs, count, &stdin_input);

	if (rc == RC_LIMIT || (!rc && finder.is_faulty))
		return RC_INVALID;
	if (rc)
		return rc;
	if (!run->texts)
		run->texts = arena_new(LIMIT_ARENA_BYTES);
	if (!run->texts)
		return RC_NOMEM;
	map_init(&reader.readings, run->arena);
	rc = read_all(&reader, &finder, stdin_input, stdin_fd);
	if (rc)
		return rc;
	if (reader.is_faulty)
		return RC_INVALID;
	*ret_texts = reader.texts;
	*ret_count = reader.count;
	return RC_OK;
}

static int compare_digests(const void *left, const void *right)
{
	return memcmp(left, right, DIGEST_HEX_BYTES);
}

char *source_digest(struct arena *arena, const struct source_text *texts, size_t count)
{
	struct arena *scratch = arena_new(LIMIT_ARENA_BYTES);
	char *all = scratch ? arena_array(scratch, count, DIGEST_HEX_BYTES) : NULL;
	char *digest = NULL;
	bool is_complete = all != NULL;

	for (size_t i = 0; is_complete && i < count; i++) {
		const char *one = str_sha256_hex(scratch, texts[i].text->bytes, texts[i].text->size);

		is_complete = one != NULL;
		if (one)
			memcpy(all + i * DIGEST_HEX_BYTES, one, DIGEST_HEX_BYTES);
	}
	if (is_complete) {
		sort_items(all, count, DIGEST_HEX_BYTES, compare_digests);
		digest = str_sha256_hex(arena, all, count * DIGEST_HEX_BYTES);
	}
	arena_free(scratch);
	return digest;
}

void source_forget(struct run *run, struct source_text *texts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct text *text = texts[i].text;

		if (!text->bytes || !text->size || str_eq(texts[i].input->path, SOURCE_STDIN))
			continue;
		text->sum = XXH3_64bits(text->bytes, text->size);
		text->bytes = NULL;
	}
	arena_free(run->texts);
	run->texts = NULL;
}

static bool is_quoted(const struct diags *diags, const struct text *text)
{
	for (size_t i = 0; i < diags->count; i++)
		if (diags->items[i].span.text == text)
			return true;
	return false;
}

enum rc source_recall(struct run *run, struct source_text *texts, size_t count)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < count; i++)
		if (texts[i].text->size && !texts[i].text->bytes && is_quoted(&run->diags, texts[i].text))
			rc = file_recall(run->arena, texts[i].text);
	return rc;
}
