/* Names of records. */
#include "server/simulator/record.h"

#include <idn2.h>
#include <string.h>

#include "base/str.h"

#define NAME_BYTES 253
#define LABEL_BYTES 63

static bool is_ascii(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text >= 0x80)
			return false;
	}
	return true;
}

static bool is_name(const char *name)
{
	size_t label = 0, size = strlen(name);

	if (size == 0 || size > NAME_BYTES)
		return false;
	for (size_t i = 0; i <= size; i++) {
		if (name[i] == '.' || name[i] == '\0') {
			if (label == 0 || label > LABEL_BYTES)
				return false;
			label = 0;
			continue;
		}
		/* '_' for service names, '/' for reverse delegations, '*' is a wildcard or literal */
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-_*/", name[i]))
			return false;
		label++;
	}
	return true;
}

static enum rc to_punycode(struct arena *arena, const char *text, const char **ret_name)
{
	char *ascii = NULL;

	if (strlen(text) > 4 * NAME_BYTES)
		return RC_INVALID;
	if (idn2_to_ascii_8z(text, &ascii, IDN2_NONTRANSITIONAL) != IDN2_OK)
		return RC_INVALID;
	*ret_name = str_lower(arena, ascii);
	idn2_free(ascii);
	return *ret_name ? RC_OK : RC_NOMEM;
}

enum rc record_name_to_ascii(struct arena *arena, const char *text, const char **ret_name)
{
	size_t size = strlen(text);
	const char *name = NULL;
	enum rc rc = RC_OK;

	if (size > 1 && text[size - 1] == '.')
		text = arena_memdup(arena, text, size - 1);
	if (!text)
		return RC_NOMEM;
	if (is_ascii(text))
		name = str_lower(arena, text);
	else
		rc = to_punycode(arena, text, &name);
	if (rc)
		return rc;
	if (!name)
		return RC_NOMEM;
	if (!is_name(name))
		return RC_INVALID;
	*ret_name = name;
	return RC_OK;
}

static bool is_in_zone(const struct zone *zone, const char *name)
{
	size_t zone_size = strlen(zone->name), size = strlen(name);

	if (str_eq(name, zone->name))
		return true;
	return size > zone_size && name[size - zone_size - 1] == '.' && str_has_suffix(name, zone->name);
}

enum rc record_name_in_zone(struct arena *arena, const struct zone *zone, const char *text, const char **ret_name)
{
	const char *name = NULL;
	enum rc rc;

	if (str_eq(text, "@")) {
		*ret_name = zone->name;
		return RC_OK;
	}
	rc = record_name_to_ascii(arena, text, &name);
	if (!rc && !is_in_zone(zone, name)) {
		name = arena_printf(arena, "%s.%s", name, zone->name);
		if (!name)
			return RC_NOMEM;
		rc = is_name(name) ? RC_OK : RC_INVALID;
	}
	if (!rc)
		*ret_name = name;
	return rc;
}
