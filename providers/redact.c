/* Secrets taken out of text that comes from outside. */
#include "providers/redact.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"

#define MARK "[redacted]"
#define BEARER "bearer "

/** Characters of a token as HTTP allows it (RFC 6750, b64token). */
static size_t token_span(const char *text)
{
	return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=");
}

/** Bytes of the secret that begins at @p text; 0 if none does. */
static size_t secret_at(const char *text, const char *const *secrets, size_t secret_count)
{
	size_t longest = 0;

	for (size_t i = 0; i < secret_count; i++) {
		size_t size = secrets[i] ? strlen(secrets[i]) : 0;

		if (size > longest && !strncmp(text, secrets[i], size))
			longest = size;
	}
	return longest;
}

void redact_add(struct strbuf *out, const char *text, const char *const *secrets, size_t secret_count)
{
	while (*text) {
		size_t size = secret_at(text, secrets, secret_count);

		if (!size && !strncasecmp(text, BEARER, strlen(BEARER))) {
			strbuf_add(out, text, strlen(BEARER));
			text += strlen(BEARER);
			size = token_span(text);
		}
		if (size)
			strbuf_adds(out, MARK);
		else if (*text)
			strbuf_addc(out, *text);
		text += size ? size : (*text != '\0');
	}
}

const char *redact_line(struct arena *arena, const char *text, const char *const *secrets, size_t secret_count)
{
	char *printable = str_printable(arena, text, strlen(text), false);
	struct strbuf buf;
	char *line = NULL;

	if (!printable)
		return NULL;
	strbuf_init(&buf, 0);
	redact_add(&buf, printable, secrets, secret_count);
	if (!strbuf_failed(&buf)) {
		const char *clean = strbuf_text(&buf);
		size_t size = strlen(clean);

		if (size <= REDACT_BYTES_MAX)
			line = arena_memdup(arena, clean, size);
		else
			line = arena_printf(arena, "%.*s...", (int)str_utf8_cut(clean, REDACT_BYTES_MAX), clean);
	}
	strbuf_wipe(&buf);
	return line;
}
