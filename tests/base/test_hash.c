/** @file Tests of hashes in pieces. */
#include "tests/base/unit.h"

#include <string.h>

#include "base/hash.h"
#include "base/str.h"

#define MOST 300000

static const char *digest_of(struct arena *arena, uint64_t seed, const unsigned char *bytes, size_t size, size_t piece)
{
	struct hash *hash = hash_new(seed);
	uint8_t digest[HASH_BYTES];

	assert_non_null(hash);
	for (size_t at = 0; at < size; at += piece)
		hash_add(hash, bytes + at, size - at < piece ? size - at : piece);
	hash_end(hash, digest);
	return str_hex(arena, digest, sizeof(digest));
}

/** Whichever of the library's two ways is taken: the digest is that of the whole. */
static void test_pieces_make_the_whole(void **state)
{
	static const size_t sizes[] = { 0, 1, 16, 17, 128, 129, 240, 241, 1024, 65537, MOST }, pieces[] = { 1, 7, 64, 1000, 65536, MOST };
	unsigned char *bytes = arena_alloc(*state, MOST);

	for (size_t i = 0; i < MOST; i++)
		bytes[i] = (unsigned char)(i * 2654435761u >> 13);
	for (size_t i = 0; i < COUNT(sizes); i++)
		for (size_t j = 0; j < COUNT(pieces); j++)
			assert_string_equal(digest_of(*state, 0, bytes, sizes[i], pieces[j]), str_xxh3_hex(*state, bytes, sizes[i]));
}

static void test_the_seed_counts(void **state)
{
	const unsigned char bytes[300] = { 1 };

	assert_string_equal(digest_of(*state, 5, bytes, sizeof(bytes), 100), digest_of(*state, 5, bytes, sizeof(bytes), 300));
	assert_string_not_equal(digest_of(*state, 5, bytes, sizeof(bytes), 300), digest_of(*state, 6, bytes, sizeof(bytes), 300));
	hash_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_pieces_make_the_whole),
		ARENA_TEST(test_the_seed_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
