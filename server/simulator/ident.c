/* New ids, and what ids look like. */
#include "server/simulator/ident.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

enum rc ident_hex(struct clock *clock, struct arena *arena, const char **ret_id)
{
	unsigned char bytes[16];
	enum rc rc = clock_random(clock, bytes, sizeof(bytes));

	if (rc)
		return rc;
	*ret_id = str_hex(arena, bytes, sizeof(bytes));
	return *ret_id ? RC_OK : RC_NOMEM;
}

enum rc ident_uuid(struct clock *clock, struct arena *arena, const char **ret_id)
{
	const char *hex = NULL;
	unsigned char bytes[16];
	enum rc rc = clock_random(clock, bytes, sizeof(bytes));

	if (rc)
		return rc;
	bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40); /* version 4 */
	bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80); /* variant of RFC 4122 */
	hex = str_hex(arena, bytes, sizeof(bytes));
	if (!hex)
		return RC_NOMEM;
	*ret_id = arena_printf(arena, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
	return *ret_id ? RC_OK : RC_NOMEM;
}

enum rc ident_fresh(struct store *store, struct clock *clock, struct arena *arena,
		    enum rc (*make)(struct clock *, struct arena *, const char **), const char *count_sql,
		    const char **ret_id)
{
	const char *id = NULL;
	int64_t taken = 1;

	while (taken) {
		enum rc rc = make(clock, arena, &id);

		if (!rc)
			rc = store_number(store, count_sql, BINDS(bind_text(id)), &taken);
		if (rc)
			return rc;
	}
	*ret_id = id;
	return RC_OK;
}

bool ident_is_hex(const char *text)
{
	size_t i = 0;

	while (isxdigit((unsigned char)text[i]))
		i++;
	return i == 32 && text[i] == '\0';
}

bool ident_is_uuid(const char *text)
{
	static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (strlen(text) != sizeof(shape) - 1)
		return false;
	for (size_t i = 0; shape[i]; i++) {
		if (shape[i] == '-' ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return true;
}
