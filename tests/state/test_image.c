/* The image's file by itself: whatever is not whole and fitting is none. */
#include "images.h"

#include "base/limits.h"
#include "state/image_format.h"
#include "state/recorded.h"

#define PATH "image"

static const uint8_t key[IMAGE_KEY_BYTES] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };

/** The file's bytes, to be changed and written back. */
struct file {
	unsigned char bytes[65536];
	size_t size;
};

static void load_file(struct file *file)
{
	int fd = open(PATH, O_RDONLY | O_CLOEXEC);
	ssize_t size;

	assert_true(fd >= 0);
	size = read(fd, file->bytes, sizeof(file->bytes));
	close(fd);
	assert_true(size > 0 && (size_t)size < sizeof(file->bytes));
	file->size = (size_t)size;
}

static void store_file(const struct file *file, size_t size)
{
	int fd = open(PATH, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, file->bytes, size), (ssize_t)size);
	close(fd);
}

static struct recorded_state make_state(struct arena *arena, size_t count)
{
	struct recorded_state state = { .lineage = "" };
	const char *duplicate;

	state.items = images_make(arena, count, &state.count);
	assert_int_equal(recorded_index(arena, &state, &duplicate), RC_OK);
	assert_null(duplicate);
	return state;
}

static enum rc read_image(struct arena *arena, struct recorded_state *ret_state)
{
	*ret_state = (struct recorded_state){ .lineage = "" };
	return image_read(PATH, key, arena, ret_state);
}

static void test_what_was_written_is_read(void **state)
{
	struct arena *arena = fixture_user(*state)->run.arena;
	const size_t counts[] = { 0, 1, 2, 3, 40, 700 };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct recorded_state written = make_state(arena, counts[i]), read;

		image_write(PATH, key, &written);
		assert_int_equal(mode_of(PATH), 0600);
		assert_int_equal(read_image(arena, &read), RC_OK);
		images_compare(&written, &read);
		assert_int_equal(access(PATH "-new", F_OK), -1);
	}
}

/** The index takes more items, as one that was made of rows does. */
static void test_the_index_is_the_callers(void **state)
{
	struct user *user = fixture_user(*state);
	struct recorded_state written = make_state(user->run.arena, 20), read;

	image_write(PATH, key, &written);
	assert_int_equal(read_image(user->run.arena, &read), RC_OK);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(map_put(&read.by_address, arena_printf(user->run.arena, "cname/%zu", i), &read.items[0], NULL), RC_OK);
	assert_ptr_equal(map_get(&read.by_address, read.items[3].resource->address), &read.items[3]);
}

static void test_another_key_is_none(void **state)
{
	struct arena *arena = fixture_user(*state)->run.arena;
	struct recorded_state written = make_state(arena, 3), read;

	image_write(PATH, key, &written);
	for (size_t i = 0; i < IMAGE_KEY_BYTES; i++) {
		uint8_t other[IMAGE_KEY_BYTES];

		memcpy(other, key, sizeof(other));
		other[i] ^= 0x80;
		assert_int_equal(image_read(PATH, other, arena, &read), RC_NOTFOUND);
	}
}

static void test_no_byte_can_change(void **state)
{
	struct arena *arena = arena_new(LIMIT_ARENA_BYTES);
	struct recorded_state written = make_state(fixture_user(*state)->run.arena, 8), read;
	static struct file file;

	image_write(PATH, key, &written);
	load_file(&file);
	for (size_t at = 0; at < file.size; at++)
		for (unsigned mask = 1; mask < 256; mask *= 16) {
			arena_reset(arena);
			file.bytes[at] ^= (unsigned char)mask;
			store_file(&file, file.size);
			if (read_image(arena, &read) != RC_NOTFOUND)
				fail_msg("byte %zu changed", at);
			file.bytes[at] ^= (unsigned char)mask;
		}
	for (size_t size = 0; size < file.size; size++) {
		store_file(&file, size);
		assert_int_equal(read_image(arena, &read), RC_NOTFOUND);
	}
	store_file(&file, file.size + 1);
	assert_int_equal(read_image(arena, &read), RC_NOTFOUND);
	store_file(&file, file.size);
	assert_int_equal(read_image(arena, &read), RC_OK);
	images_compare(&written, &read);
	arena_free(arena);
}

/** Look at all that there is, for what checks addresses to find fault with. */
static size_t touch(struct arena *arena, const struct recorded_state *state)
{
	size_t sum = 0;

	for (size_t i = 0; i < state->count; i++) {
		const struct recorded *item = &state->items[i];
		const struct resource *resource = item->resource;
		struct json *fields;

		assert_int_equal(resource_to_json(arena, resource, true, &fields), RC_OK);
		sum += json_count(fields) + strlen(resource->address) + strlen(str_or_empty(resource->tunnel)) +
		       strlen(str_or_empty(resource->origin.object)) + strlen(str_or_empty(resource->origin.precedence)) +
		       strlen(str_or_empty(item->account_id)) + strlen(str_or_empty(item->zone_id)) +
		       strlen(str_or_empty(item->prior_comment));
	}
	return sum;
}

/** @return whether its sum could be made to fit */
static bool seal(struct file *file, uint64_t *words)
{
	struct image_head *head = (struct image_head *)(void *)words;
	struct image_parts parts = { .counts = head->counts };
	size_t table_bytes;

	if (!image_table_bytes(&head->counts, &table_bytes) ||
	    sizeof(*head) + table_bytes + head->counts.text_bytes != file->size)
		return false;
	image_place(&parts, head + 1);
	parts.texts = (const char *)(head + 1) + table_bytes;
	assert_true(image_sum(&parts, head->key, head->sum));
	memcpy(file->bytes, words, file->size);
	return true;
}

/** Numbers are not believed for their sum. */
static void test_numbers_are_checked(void **state)
{
	struct arena *arena = arena_new(LIMIT_ARENA_BYTES);
	struct recorded_state written = make_state(fixture_user(*state)->run.arena, 12), read;
	static struct file file;
	static uint64_t words[sizeof(file.bytes) / sizeof(uint64_t)];
	size_t refused = 0, accepted = 0;

	image_write(PATH, key, &written);
	load_file(&file);
	for (size_t at = offsetof(struct image_head, counts); at < file.size; at++)
		for (size_t i = 0; i < 4; i++) {
			const unsigned char values[] = { 0, 1, 0x7f, 0xff };
			unsigned char was = file.bytes[at];

			memcpy(words, file.bytes, file.size);
			((unsigned char *)words)[at] = values[i];
			if (!seal(&file, words))
				continue;
			arena_reset(arena);
			store_file(&file, file.size);
			if (read_image(arena, &read) == RC_OK)
				accepted += touch(arena, &read) != 0;
			else
				refused++;
			file.bytes[at] = was;
		}
	assert_true(refused > 1000 && accepted > 1000);
	arena_free(arena);
}

/** What stands behind the order's items are texts, too. */
static void test_an_order_ends_with_its_items(void **state)
{
	struct arena *arena = fixture_user(*state)->run.arena;
	struct recorded_state written = make_state(arena, 12), read;
	static struct file file;
	static uint64_t words[sizeof(file.bytes) / sizeof(uint64_t)];
	struct image_head *head = (struct image_head *)(void *)words;
	struct image_parts parts;

	image_write(PATH, key, &written);
	load_file(&file);
	memcpy(words, file.bytes, file.size);
	parts.counts = head->counts;
	image_place(&parts, head + 1);
	assert_true(parts.counts.orders == 1 && parts.counts.documents);
	parts.orders[0].count++;
	assert_true(seal(&file, words));
	store_file(&file, file.size);
	assert_int_equal(read_image(arena, &read), RC_NOTFOUND);
}

static void test_what_is_not_ours_is_left_alone(void **state)
{
	struct arena *arena = fixture_user(*state)->run.arena;
	struct recorded_state written = make_state(arena, 3), read;
	static struct file file, after;
	struct stat info;

	image_write(PATH, key, &written);
	load_file(&file);
	for (mode_t mode = 0601; mode <= 0644; mode++) {
		if (mode != 0601 && mode != 0604 && mode != 0620 && mode != 0640 && mode != 0644)
			continue;
		assert_int_equal(chmod(PATH, mode), 0);
		assert_false(image_is_there(PATH));
		assert_int_equal(read_image(arena, &read), RC_NOTFOUND);
		image_write(PATH, key, &written);
		assert_int_equal(mode_of(PATH), mode);
	}
	assert_int_equal(chmod(PATH, 0600), 0);
	assert_int_equal(rename(PATH, "elsewhere"), 0);
	assert_int_equal(symlink("elsewhere", PATH), 0);
	assert_false(image_is_there(PATH));
	assert_int_equal(read_image(arena, &read), RC_NOTFOUND);
	image_write(PATH, key, &written);
	assert_int_equal(lstat(PATH, &info), 0);
	assert_true(S_ISLNK(info.st_mode));
	load_file(&after);
	assert_int_equal(after.size, file.size);
	assert_memory_equal(after.bytes, file.bytes, file.size);
	assert_int_equal(unlink(PATH), 0);
	assert_int_equal(mkfifo(PATH, 0600), 0);
	assert_int_equal(read_image(arena, &read), RC_NOTFOUND);
	image_write(PATH, key, &written);
	assert_int_equal(lstat(PATH, &info), 0);
	assert_true(S_ISFIFO(info.st_mode));
}

static void test_another_users_is_left_alone(void **state)
{
	struct arena *arena = fixture_user(*state)->run.arena;
	struct recorded_state written = make_state(arena, 3), read;
	struct stat before, after;

	image_write(PATH, key, &written);
	if (chown(PATH, 65534, 65534) < 0)
		skip(); /* not as root */
	assert_int_equal(stat(PATH, &before), 0);
	assert_int_equal(read_image(arena, &read), RC_NOTFOUND);
	image_write(PATH, key, &written);
	assert_int_equal(stat(PATH, &after), 0);
	assert_int_equal(after.st_ino, before.st_ino);
	assert_int_equal(after.st_uid, 65534);
}

/** A run that was killed left half a file; somebody planted a link. */
static void test_what_stands_in_the_way(void **state)
{
	struct arena *arena = fixture_user(*state)->run.arena;
	struct recorded_state written = make_state(arena, 3), read;
	struct stat info;
	int fd = open(PATH "-new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, "half", 4), 4);
	close(fd);
	image_write(PATH, key, &written);
	assert_int_equal(read_image(arena, &read), RC_OK);
	assert_int_equal(access(PATH "-new", F_OK), -1);
	assert_int_equal(unlink(PATH), 0);
	assert_int_equal(symlink("target", PATH "-new"), 0);
	image_write(PATH, key, &written);
	assert_int_equal(read_image(arena, &read), RC_NOTFOUND);
	assert_int_equal(access("target", F_OK), -1);
	assert_int_equal(lstat(PATH "-new", &info), 0);
	image_write("no/folder/image", key, &written);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_was_written_is_read),
		TEST(test_the_index_is_the_callers),
		TEST(test_another_key_is_none),
		TEST(test_no_byte_can_change),
		TEST(test_numbers_are_checked),
		TEST(test_an_order_ends_with_its_items),
		TEST(test_what_is_not_ours_is_left_alone),
		TEST(test_another_users_is_left_alone),
		TEST(test_what_stands_in_the_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
