/** @file
 * Text from outside made fit for messages and traces: one line, printable, bounded, without secrets. */
#ifndef ADIT_PROVIDERS_REDACT_H
#define ADIT_PROVIDERS_REDACT_H

#include <stddef.h>

#include "base/arena.h"
#include "base/strbuf.h"

#define REDACT_BYTES_MAX 1000u

/** Append @p text in which each occurrence of each of @p secrets, and whatever follows "Bearer ", is replaced by
 * "[redacted]". NULL and empty secrets are skipped. */
void redact_add(struct strbuf *out, const char *text, const char *const *secrets, size_t secret_count);

/** @p text as one printable line of at most REDACT_BYTES_MAX bytes, secrets replaced.
 * @return arena, or NULL when memory is used up */
const char *redact_line(struct arena *arena, const char *text, const char *const *secrets, size_t secret_count);

#endif
