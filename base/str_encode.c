/** @file Bytes as text: hex, base64, digests. */
#include <limits.h>
#include <string.h>

#include <openssl/evp.h>
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
	text = arena_alloc(arena, (size + 2) / 3 * 4 + 1);
	if (text && size)
		EVP_EncodeBlock((unsigned char *)text, bytes, (int)size);
	return text;
}

enum rc str_base64_decode(struct arena *arena, const char *text, unsigned char **ret_bytes, size_t *ret_size)
{
	size_t size = strlen(text), letters = strspn(text, BASE64_ALPHABET), padding = size - letters;
	unsigned char *bytes;

	/* EVP_DecodeBlock() alone would let '=' and blanks pass in strange places. */
	if (size % 4 || padding > 2 || strspn(text + letters, "=") != padding || size > INT_MAX)
		return RC_INVALID;
	bytes = arena_alloc(arena, size / 4 * 3 + 1);
	if (!bytes)
		return RC_NOMEM;
	if (size && EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)size) < 0)
		return RC_INVALID;
	*ret_bytes = bytes;
	*ret_size = size / 4 * 3 - padding;
	bytes[*ret_size] = 0;
	return RC_OK;
}

char *str_sha256_hex(struct arena *arena, const void *bytes, size_t size)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned digest_size = 0;

	if (EVP_Digest(bytes, size, digest, &digest_size, EVP_sha256(), NULL) != 1)
		return NULL;
	return str_hex(arena, digest, digest_size);
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
