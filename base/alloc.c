/** @file Memory that is wiped before it is free. */
#include "base/alloc.h"

#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

void *alloc_new(size_t size)
{
	return malloc(size);
}

void *alloc_array(size_t count, size_t size)
{
	return calloc(count, size);
}

void alloc_free(void *block)
{
	if (block)
		explicit_bzero(block, malloc_usable_size(block));
	free(block);
}

/* Not realloc(), which leaves the old bytes behind when it moves the block. */
void *alloc_resize(void *block, size_t size)
{
	size_t present = block ? malloc_usable_size(block) : 0;
	void *moved;

	if (!size) {
		alloc_free(block);
		return NULL;
	}
	if (block && size <= present && size > present / 2)
		return block;
	moved = malloc(size);
	if (!moved)
		return NULL;
	if (block)
		memcpy(moved, block, present < size ? present : size);
	alloc_free(block);
	return moved;
}

char *alloc_strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = malloc(size);

	return copy ? memcpy(copy, text, size) : NULL;
}

static void *openssl_new(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return alloc_new(size);
}

static void *openssl_resize(void *block, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return alloc_resize(block, size);
}

static void openssl_free(void *block, const char *file, int line)
{
	(void)file;
	(void)line;
	alloc_free(block);
}

void alloc_openssl(void *library)
{
	__typeof__(&CRYPTO_set_mem_functions) set;
	void *symbol = dlsym(library, "CRYPTO_set_mem_functions");

	if (!symbol)
		return;
	memcpy(&set, &symbol, sizeof(set));
	/* 0 when OpenSSL was used before, mostly with this allocator: no fault that a user could do anything about. */
	(void)set(openssl_new, openssl_resize, openssl_free);
}
