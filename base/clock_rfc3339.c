/** @file Points in time as RFC 3339 text. */
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

#define FIRST_MS (INT64_C(-62167219200) * 1000)       /* 0000-01-01T00:00:00Z */
#define LAST_MS (INT64_C(253402300799) * 1000 + 999)  /* 9999-12-31T23:59:59.999Z */

static char *format(struct arena *arena, int64_t wall_ms, bool with_us)
{
	int64_t ms = wall_ms < FIRST_MS ? FIRST_MS : wall_ms > LAST_MS ? LAST_MS : wall_ms;
	int64_t fraction = (ms % 1000 + 1000) % 1000;
	time_t seconds = (time_t)((ms - fraction) / 1000);
	struct tm tm = { 0 };
	char text[64];

	gmtime_r(&seconds, &tm);
	/* %Y does not pad years before 1000 */
	strftime(text, sizeof(text), "-%m-%dT%H:%M:%S", &tm);
	if (with_us)
		return arena_printf(arena, "%04d%s.%03d000Z", tm.tm_year + 1900, text, (int)fraction);
	return arena_printf(arena, "%04d%sZ", tm.tm_year + 1900, text);
}

char *clock_rfc3339(struct arena *arena, int64_t wall_ms)
{
	return format(arena, wall_ms, false);
}

char *clock_rfc3339_us(struct arena *arena, int64_t wall_ms)
{
	return format(arena, wall_ms, true);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Exactly count digits, in [min, max]. */
static bool take_number(const char **text, unsigned count, int min, int max, int *ret_value)
{
	int value = 0;

	for (unsigned i = 0; i < count; i++, ++*text) {
		if (!is_digit(**text))
			return false;
		value = value * 10 + (**text - '0');
	}
	*ret_value = value;
	return value >= min && value <= max;
}

static bool take(const char **text, char expected)
{
	if (**text != expected)
		return false;
	++*text;
	return true;
}

static int days_of_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

static bool take_date(const char **text, struct tm *tm)
{
	if (!take_number(text, 4, 0, 9999, &tm->tm_year) || !take(text, '-') ||
	    !take_number(text, 2, 1, 12, &tm->tm_mon) || !take(text, '-') ||
	    !take_number(text, 2, 1, days_of_month(tm->tm_year, tm->tm_mon), &tm->tm_mday))
		return false;
	tm->tm_year -= 1900;
	tm->tm_mon--;
	return true;
}

static bool take_time(const char **text, struct tm *tm)
{
	return take_number(text, 2, 0, 23, &tm->tm_hour) && take(text, ':') &&
	       take_number(text, 2, 0, 59, &tm->tm_min) && take(text, ':') &&
	       take_number(text, 2, 0, 59, &tm->tm_sec);
}

/* An optional fraction of any length, cut to milliseconds. */
static bool take_fraction(const char **text, int64_t *ret_ms)
{
	int64_t weight = 100;

	*ret_ms = 0;
	if (!take(text, '.'))
		return true;
	if (!is_digit(**text))
		return false;
	for (; is_digit(**text); ++*text, weight /= 10)
		*ret_ms += (**text - '0') * weight;
	return true;
}

static bool take_zone(const char **text, int64_t *ret_ms)
{
	int hours, minutes, sign;

	*ret_ms = 0;
	if (take(text, 'Z') || take(text, 'z'))
		return true;
	sign = **text == '-' ? -1 : 1;
	if (!take(text, '+') && !take(text, '-'))
		return false;
	if (!take_number(text, 2, 0, 23, &hours) || !take(text, ':') || !take_number(text, 2, 0, 59, &minutes))
		return false;
	*ret_ms = (int64_t)sign * (hours * 60 + minutes) * 60000;
	return true;
}

enum rc clock_parse_rfc3339(const char *text, int64_t *ret_wall_ms)
{
	struct tm tm = { 0 };
	int64_t fraction_ms, zone_ms;

	if (!text || !take_date(&text, &tm) || !(take(&text, 'T') || take(&text, 't')) || !take_time(&text, &tm) ||
	    !take_fraction(&text, &fraction_ms) || !take_zone(&text, &zone_ms) || *text)
		return RC_INVALID;
	*ret_wall_ms = (int64_t)timegm(&tm) * 1000 + fraction_ms - zone_ms;
	return RC_OK;
}
