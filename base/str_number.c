/** @file Numbers and durations from text, and numbers as text. */
#include <endian.h>
#include <string.h>

#include "base/str.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

enum rc str_to_int64(const char *text, int64_t *ret_value)
{
	bool is_negative = text && *text == '-';
	int64_t value = 0;

	if (!text || !is_digit(text[is_negative ? 1 : 0]))
		return RC_INVALID;
	for (text += is_negative ? 1 : 0; is_digit(*text); text++) {
		int64_t digit = is_negative ? '0' - *text : *text - '0';

		if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value))
			return RC_INVALID;
	}
	if (*text)
		return RC_INVALID;
	*ret_value = value;
	return RC_OK;
}

struct unit {
	const char *name;
	int64_t ns;
};

/* The longer of two that begin alike comes first. */
static const struct unit units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "\xC2\xB5s", 1000 }, /* micro sign */
	{ "\xCE\xBCs", 1000 }, /* mu */
	{ "ms", 1000000 },
	{ "s", 1000000000 },
	{ "m", INT64_C(60) * 1000000000 },
	{ "h", INT64_C(3600) * 1000000000 },
};

static const struct unit *take_unit(const char **text)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t size = strlen(units[i].name);

		if (strncmp(*text, units[i].name, size) == 0) {
			*text += size;
			return &units[i];
		}
	}
	return NULL;
}

/* "1.5h": digits, perhaps a fraction, a unit. False when it is none, or more than 64 bits of nanoseconds. */
static bool take_part(const char **text, int64_t *ret_ns)
{
	int64_t whole = 0, fraction = 0, scale = 1;
	const char *start = *text;
	const struct unit *unit;
	size_t digits;

	for (; is_digit(**text); ++*text)
		if (__builtin_mul_overflow(whole, 10, &whole) || __builtin_add_overflow(whole, **text - '0', &whole))
			return false;
	digits = (size_t)(*text - start);
	if (**text == '.') {
		for (++*text; is_digit(**text); ++*text, digits++) {
			/* More digits than these cannot change a nanosecond of an hour. */
			if (scale < INT64_C(10000000000000)) {
				fraction = fraction * 10 + (**text - '0');
				scale *= 10;
			}
		}
	}
	unit = take_unit(text);
	if (!digits || !unit || __builtin_mul_overflow(whole, unit->ns, &whole))
		return false;
	return !__builtin_add_overflow(whole, (int64_t)((double)fraction * ((double)unit->ns / (double)scale)), ret_ns);
}

enum rc str_to_duration_ms(const char *text, int64_t *ret_ms)
{
	int64_t total_ns = 0, part_ns, seconds;

	if (str_is_empty(text))
		return RC_INVALID;
	if (is_digit(*text) && str_to_int64(text, &seconds) == RC_OK) {
		if (seconds > INT64_MAX / 1000)
			return RC_INVALID;
		*ret_ms = seconds * 1000;
		return RC_OK;
	}
	while (*text)
		if (!take_part(&text, &part_ns) || __builtin_add_overflow(total_ns, part_ns, &total_ns))
			return RC_INVALID;
	*ret_ms = total_ns / 1000000;
	return RC_OK;
}

enum rc str_to_rate(const char *text, int64_t *ret_calls, int64_t *ret_window_ms)
{
	const char *slash = strchr(text, '/');
	char left[24] = "";
	int64_t calls, window_ms;

	if (!slash || (size_t)(slash - text) >= sizeof(left))
		return RC_INVALID;
	memcpy(left, text, (size_t)(slash - text));
	if (str_to_int64(left, &calls) || calls < 1 || str_to_duration_ms(slash + 1, &window_ms) || window_ms < 1)
		return RC_INVALID;
	*ret_calls = calls;
	*ret_window_ms = window_ms;
	return RC_OK;
}

char *str_put_int(char *out, int64_t value)
{
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
	char digits[STR_INT_BYTES];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + rest % 10);
	while (rest /= 10);
	if (value < 0)
		*out++ = '-';
	memcpy(out, digits + at, sizeof(digits) - at);
	return out + sizeof(digits) - at;
}

/* All digits at once, one in each byte: first their values, then their characters. */
char *str_put_hex32(char *out, uint32_t value)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t digits = value, letters;

	digits = (digits << 16 | digits) & UINT64_C(0x0000FFFF0000FFFF);
	digits = (digits << 8 | digits) & UINT64_C(0x00FF00FF00FF00FF);
	digits = (digits << 4 | digits) & (ones * 0x0F);
	letters = (digits + ones * 6) >> 4 & ones;
	digits = htobe64(digits + ones * '0' + letters * ('a' - '0' - 10));
	memcpy(out, &digits, sizeof(digits));
	return out + sizeof(digits);
}
