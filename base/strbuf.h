/** @file
 * A string that grows on the heap, with a named maximum.
 *
 * Failure is sticky: after the first failed append (memory or maximum) the content stays as it
 * was, further appends do nothing, and strbuf_failed() is true, so that a writer may append
 * freely and check once at the end. */
#ifndef ADIT_BASE_STRBUF_H
#define ADIT_BASE_STRBUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/rc.h"

struct strbuf {
	char *data;       /**< NUL-terminated once anything was appended; NULL before */
	size_t size;      /**< bytes without the NUL */
	size_t capacity;
	size_t used;      /**< the largest size before resets: what there is to wipe */
	size_t max_bytes; /**< 0: no maximum */
	bool failed;
};

/** An empty buffer; allocates nothing. @param max_bytes 0 for none */
void strbuf_init(struct strbuf *buf, size_t max_bytes);
/** Free the content; the buffer is empty and usable again. */
void strbuf_done(struct strbuf *buf);
/** As strbuf_done(), after overwriting the content with zeros: for secrets. */
void strbuf_wipe(struct strbuf *buf);
/** Drop the content, keep the memory, clear the failure. */
void strbuf_reset(struct strbuf *buf);
/** Make room for @p size more bytes at once, where it is known how much will come. Fails as an append does. */
void strbuf_reserve(struct strbuf *buf, size_t size);
void strbuf_add(struct strbuf *buf, const void *bytes, size_t size);
void strbuf_adds(struct strbuf *buf, const char *text);
void strbuf_addc(struct strbuf *buf, char c);
void strbuf_addf(struct strbuf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
void strbuf_vaddf(struct strbuf *buf, const char *format, va_list args) PRINTF_LIKE(2, 0);
/** Fail by hand: what should have been appended could not be made. */
void strbuf_fail(struct strbuf *buf);
/** True when an append failed: RC_NOMEM, or RC_LIMIT when a maximum is set. */
bool strbuf_failed(const struct strbuf *buf);
/** The content as a string, "" when empty; borrowed until the next append. */
const char *strbuf_text(const struct strbuf *buf);

#endif
