/** @file Sorting arrays. */
#include "base/sort.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX_BYTES 8u
#define FEW 12u /* are sorted by insertion */

void sort_items(void *items, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	const char *item = items;

	for (size_t i = 1; i < count; i++, item += size)
		if (compare(item, item + size) > 0) {
			qsort(items, count, size, compare);
			return;
		}
}

static bool is_sorted(const struct sort_entry *entries, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (entries[i - 1].number > entries[i].number)
			return false;
	return true;
}

static void insert_each(struct sort_entry *entries, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct sort_entry entry = entries[i];
		size_t to = i;

		for (; to && entries[to - 1].number > entry.number; to--)
			entries[to] = entries[to - 1];
		entries[to] = entry;
	}
}

static void merge(const struct sort_entry *a, size_t a_count, const struct sort_entry *b, size_t b_count,
		  struct sort_entry *out)
{
	while (a_count && b_count) {
		bool is_b = b->number < a->number;

		*out++ = is_b ? *b : *a;
		b += is_b;
		b_count -= is_b;
		a += !is_b;
		a_count -= !is_b;
	}
	memcpy(out, a_count ? a : b, (a_count + b_count) * sizeof(*out));
}

/* Short runs by insertion, then runs of twice the length until there is one. */
static void sort_numbers(struct sort_entry *entries, struct sort_entry *room, size_t count)
{
	struct sort_entry *from = entries, *to = room, *other;

	if (is_sorted(entries, count))
		return;
	for (size_t i = 0; i < count; i += FEW)
		insert_each(entries + i, count - i < FEW ? count - i : FEW);
	for (size_t size = FEW; size < count; size *= 2) {
		for (size_t i = 0; i < count; i += 2 * size) {
			size_t a_count = count - i < size ? count - i : size;
			size_t rest = count - i - a_count;

			merge(from + i, a_count, from + i + a_count, rest < size ? rest : size, to + i);
		}
		other = from;
		from = to;
		to = other;
	}
	if (from != entries)
		memcpy(entries, from, count * sizeof(*entries));
}

/* The first bytes of a text as a number: zeros behind its end, which comes before every other byte. */
static uint64_t prefix_of(const char *text)
{
	uint64_t prefix = 0;

	for (size_t i = 0; i < PREFIX_BYTES; i++) {
		prefix = prefix << 8 | (unsigned char)*text;
		text += *text != '\0';
	}
	return prefix;
}

static void insert_texts(struct sort_entry *entries, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct sort_entry entry = entries[i];
		size_t to = i;

		for (; to && strcmp(entries[to - 1].text, entry.text) > 0; to--)
			entries[to] = entries[to - 1];
		entries[to] = entry;
	}
}

static size_t count_equal(const struct sort_entry *entries, size_t count)
{
	size_t equal = 1;

	while (equal < count && entries[equal].number == entries->number)
		equal++;
	return equal;
}

/* Entries of one number, by their texts: by the next few bytes of all, then those among which these are equal by the next. */
static void sort_texts(struct sort_entry *entries, struct sort_entry *room, size_t count)
{
	size_t equal;

	while (count > FEW) {
		for (size_t i = 0; i < count; i++)
			entries[i].number = prefix_of(entries[i].text);
		sort_numbers(entries, room, count);
		/* The last ones need no call, and so there is no depth to a text that all have in common. */
		for (; count; entries += equal, room += equal, count -= equal) {
			equal = count_equal(entries, count);
			if (equal == 1 || !(entries->number & 0xFF))
				continue;
			for (size_t i = 0; i < equal; i++)
				entries[i].text += PREFIX_BYTES;
			if (equal == count)
				break;
			sort_texts(entries, room, equal);
		}
	}
	insert_texts(entries, count);
}

void sort_entries(struct sort_entry *entries, struct sort_entry *room, size_t count)
{
	size_t equal;

	sort_numbers(entries, room, count);
	for (size_t i = 0; i < count; i += equal) {
		equal = count_equal(entries + i, count - i);
		sort_texts(entries + i, room + i, equal);
	}
}
