/** @file A string that grows on the heap. */
#include "base/strbuf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void strbuf_init(struct strbuf *buf, size_t max_bytes)
{
	*buf = (struct strbuf){ .max_bytes = max_bytes };
}

void strbuf_done(struct strbuf *buf)
{
	free(buf->data);
	strbuf_init(buf, buf->max_bytes);
}

/* What there is to wipe: what was never written needs none, which would only make its pages be there. */
static size_t written(const struct strbuf *buf)
{
	return buf->used > buf->size ? buf->used : buf->size;
}

void strbuf_wipe(struct strbuf *buf)
{
	if (buf->data)
		explicit_bzero(buf->data, written(buf));
	strbuf_done(buf);
}

void strbuf_reset(struct strbuf *buf)
{
	buf->used = written(buf);
	buf->size = 0;
	buf->failed = false;
	if (buf->data)
		buf->data[0] = '\0';
}

/* Not realloc(): the old block may hold a secret, and strbuf_wipe() can only reach the new one. */
static bool enlarge(struct strbuf *buf, size_t wanted)
{
	size_t capacity = buf->capacity ? buf->capacity : 64;
	char *data;

	while (capacity < wanted) {
		if (capacity > SIZE_MAX / 2)
			return false;
		capacity *= 2;
	}
	data = malloc(capacity);
	if (!data)
		return false;
	if (buf->data) {
		memcpy(data, buf->data, buf->size + 1);
		explicit_bzero(buf->data, written(buf));
		free(buf->data);
	}
	buf->data = data;
	buf->capacity = capacity;
	return true;
}

/* Room for size more bytes and the NUL. */
static bool make_room(struct strbuf *buf, size_t size)
{
	if (buf->failed)
		return false;
	if (size >= SIZE_MAX - buf->size || (buf->max_bytes && size > buf->max_bytes - buf->size))
		buf->failed = true;
	else if (buf->size + size + 1 > buf->capacity)
		buf->failed = !enlarge(buf, buf->size + size + 1);
	return !buf->failed;
}

void strbuf_reserve(struct strbuf *buf, size_t size)
{
	(void)make_room(buf, size);
}

void strbuf_add(struct strbuf *buf, const void *bytes, size_t size)
{
	if (!make_room(buf, size))
		return;
	if (size)
		memcpy(buf->data + buf->size, bytes, size);
	buf->size += size;
	buf->data[buf->size] = '\0';
}

void strbuf_adds(struct strbuf *buf, const char *text)
{
	strbuf_add(buf, text, strlen(text));
}

void strbuf_addc(struct strbuf *buf, char c)
{
	strbuf_add(buf, &c, 1);
}

void strbuf_vaddf(struct strbuf *buf, const char *format, va_list args)
{
	va_list again;
	int length;

	va_copy(again, args);
	length = vsnprintf(NULL, 0, format, args);
	if (length < 0)
		buf->failed = true;
	else if (make_room(buf, (size_t)length)) {
		vsnprintf(buf->data + buf->size, (size_t)length + 1, format, again);
		buf->size += (size_t)length;
	}
	va_end(again);
}

void strbuf_addf(struct strbuf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	strbuf_vaddf(buf, format, args);
	va_end(args);
}

void strbuf_fail(struct strbuf *buf)
{
	buf->failed = true;
}

bool strbuf_failed(const struct strbuf *buf)
{
	return buf->failed;
}

const char *strbuf_text(const struct strbuf *buf)
{
	return buf->data ? buf->data : "";
}
