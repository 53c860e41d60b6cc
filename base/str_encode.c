/** @file Bytes as text: hex, base64, digests. */
#include <limits.h>
#include <string.h>

#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <xxhash.h>

#include "base/str.h"

#define BASE64_ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

char *str_hex(struct arena *arena, const void *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *in = bytes;
	char *hex = size < SIZE_MAX / 2 ? arena_alloc(arena, size * 2 + 1) : NULL;

	for (size_t i = 0; hex && i < size; i++) {
		hex[i * 2] = digits[in[i] >> 4];
		hex[i * 2 + 1] = digits[in[i] & 15];
	}
	return hex;
}

char *str_base64(struct arena *arena, const void *bytes, size_t size)
{
	char *text;

	if (size > INT_MAX / 2)
		return NULL;
	text = arena_alloc(arena, BASE64_ENCODE_RAW_LENGTH(size) + 1);
	if (!text)
		return NULL;
	base64_encode_raw(text, size, bytes);
	text[BASE64_ENCODE_RAW_LENGTH(size)] = '\0';
	return text;
}

enum rc str_base64_decode(struct arena *arena, const char *text, unsigned char **ret_bytes, size_t *ret_size)
{
	size_t size = strlen(text), letters = strspn(text, BASE64_ALPHABET), padding = size - letters, decoded = 0;
	struct base64_decode_ctx decoder;
	unsigned char *bytes;

	/* The decoder alone would skip blanks. */
	if (size % 4 || padding > 2 || strspn(text + letters, "=") != padding || size > INT_MAX)
		return RC_INVALID;
	bytes = arena_alloc(arena, BASE64_DECODE_LENGTH(size) + 1);
	if (!bytes)
		return RC_NOMEM;
	base64_decode_init(&decoder);
	if (!base64_decode_update(&decoder, &decoded, bytes, size, text) || !base64_decode_final(&decoder))
		return RC_INVALID;
	*ret_bytes = bytes;
	*ret_size = decoded;
	bytes[decoded] = 0;
	return RC_OK;
}

char *str_sha256_hex(struct arena *arena, const void *bytes, size_t size)
{
	unsigned char digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx context;

	sha256_init(&context);
	sha256_update(&context, size, bytes);
	sha256_digest(&context, sizeof(digest), digest);
	explicit_bzero(&context, sizeof(context)); /* the last block is in it */
	return str_hex(arena, digest, sizeof(digest));
}

char *str_xxh3_hex(struct arena *arena, const void *bytes, size_t size)
{
	XXH128_canonical_t canonical;

	XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes, size));
	return str_hex(arena, canonical.digest, sizeof(canonical.digest));
}

static bool is_digit_of(char digit, unsigned value)
{
	return digit == "0123456789abcdef"[value & 15];
}

bool str_is_xxh3_hex(const char *hex, const void *bytes, size_t size)
{
	XXH128_canonical_t canonical;

	if (!hex || strlen(hex) != 2 * sizeof(canonical.digest))
		return false;
	XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes, size));
	for (size_t i = 0; i < sizeof(canonical.digest); i++)
		if (!is_digit_of(hex[2 * i], canonical.digest[i] >> 4u) || !is_digit_of(hex[2 * i + 1], canonical.digest[i]))
			return false;
	return true;
}
