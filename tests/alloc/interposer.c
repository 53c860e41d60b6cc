/* Stands in front of glibc's allocator in a process under test (LD_PRELOAD): counts every allocation of the process,
 * whoever asks for it but OpenSSL, which makes thousands when it starts and knows its own ways; fails the one that ALLOC_FAIL names, and at the end looks for blocks that nothing points at.
 *
 * The interposer is linked with libcurl, so that what a run loads is there before anything is counted.
 *
 * ALLOC_FAIL=N     the N-th allocation fails; 0 or absent: none does
 * ALLOC_REPORT=F   at exit: "count C", "failed B", "thrown B" (the failed one was operator new's), and for each leaked
 *                  block "leak NUMBER SIZE", or "leak-cxx" for one of operator new
 * ALLOC_SITES=F    for each allocation where it was asked for, as two digests: "NUMBER INNER PATH". INNER is of the
 *                  innermost INNER_FRAMES of the call stack, PATH of those that are in the program itself
 * ALLOC_STACK=N    the call stack of the N-th allocation goes to standard error */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <locale.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BLOCKS_MAX ((size_t)1 << 20)
#define STACK_MAX 64
#define INNER_FRAMES 6
/* glibc keeps pointers to the next block's header, which begins in the last bytes of this one. */
#define MARGIN 16

extern void *__libc_malloc(size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *block);

struct block {
	uintptr_t start;
	size_t size;
	uint32_t number; /* 0: not counted */
	bool is_reached;
	bool is_cxx; /* by operator new */
};

struct range {
	uintptr_t from, to;
};

/* Open addressing by start; the memory is mapped, and only touched pages exist. */
static struct block *table;
static uint32_t count, fail_at, stack_at;
static struct range program;
static bool is_inside, is_failed, is_thrown;
static int sites_fd = -1;
static char sites[1 << 16];
/* Code whose allocations are not counted. */
static struct range exempt[8];
static size_t exempt_count;
static struct range cxx; /* libstdc++, where operator new is */
static size_t sites_used;

/** Pages of our own, between two that nobody may touch: else the kernel would join them with its neighbours in
 * /proc/self/maps, and the search for lost blocks would read them. */
static void *map_pages(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *outer = mmap(NULL, bytes + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (outer == MAP_FAILED || mprotect(outer + page, bytes, PROT_READ | PROT_WRITE))
		_exit(99);
	return outer + page;
}

static size_t slot_of(uintptr_t start)
{
	return (size_t)((start >> 4) * 0x9E3779B97F4A7C15u) >> 44;
}

static void remember(void *block, size_t size, uint32_t number, bool is_cxx)
{
	size_t at = slot_of((uintptr_t)block);

	while (table[at].start)
		at = (at + 1) % BLOCKS_MAX;
	table[at] = (struct block){.start = (uintptr_t)block, .size = size, .number = number, .is_cxx = is_cxx};
}

static void forget(void *block)
{
	size_t hole = slot_of((uintptr_t)block), at;

	while (table[hole].start && table[hole].start != (uintptr_t)block)
		hole = (hole + 1) % BLOCKS_MAX;
	if (!table[hole].start)
		return;
	/* Close the gap, so that no search ends early. */
	for (at = (hole + 1) % BLOCKS_MAX; table[at].start; at = (at + 1) % BLOCKS_MAX) {
		size_t home = slot_of(table[at].start);

		if ((at - home) % BLOCKS_MAX < (at - hole) % BLOCKS_MAX)
			continue;
		table[hole] = table[at];
		hole = at;
	}
	table[hole].start = 0;
}

static void flush_sites(void)
{
	if (sites_fd >= 0 && write(sites_fd, sites, sites_used) != (ssize_t)sites_used)
		_exit(99);
	sites_used = 0;
}

static void note_site(void)
{
	void *stack[STACK_MAX];
	int depth = backtrace(stack, STACK_MAX);
	uint64_t inner = 14695981039346656037u, path = inner;

	for (int i = 2; i < depth; i++) {
		uint64_t frame = (uint64_t)(uintptr_t)stack[i];

		if (i < 2 + INNER_FRAMES)
			inner = (inner ^ frame) * 1099511628211u;
		if (frame >= program.from && frame < program.to)
			path = (path ^ frame) * 1099511628211u;
	}
	if (sites_used + 64 > sizeof(sites))
		flush_sites();
	sites_used += (size_t)snprintf(sites + sites_used, 64, "%u %016llx %016llx\n", count, (unsigned long long)inner,
				       (unsigned long long)path);
}

static void print_stack(void)
{
	void *stack[STACK_MAX];

	backtrace_symbols_fd(stack, backtrace(stack, STACK_MAX), STDERR_FILENO);
}

static bool is_within(const void *caller, const struct range *code)
{
	return (uintptr_t)caller >= code->from && (uintptr_t)caller < code->to;
}

static bool is_exempt(const void *caller)
{
	for (size_t i = 0; i < exempt_count; i++)
		if (is_within(caller, &exempt[i]))
			return true;
	return false;
}

/** One more allocation. @return false: it is the one to fail */
static bool admit(const void *caller)
{
	if (is_inside || !table || is_exempt(caller))
		return true;
	count++;
	is_inside = true;
	if (sites_fd >= 0)
		note_site();
	if (count == stack_at)
		print_stack();
	is_inside = false;
	if (count != fail_at)
		return true;
	is_failed = true;
	is_thrown = is_within(caller, &cxx);
	errno = ENOMEM;
	return false;
}

static void *admitted(void *block, size_t size, const void *caller)
{
	if (block && table)
		remember(block, size, is_inside ? 0 : count, is_within(caller, &cxx));
	return block;
}

static void *take(size_t size, const void *caller)
{
	return admitted(size < SIZE_MAX - MARGIN ? __libc_malloc(size + MARGIN) : NULL, size, caller);
}

void *malloc(size_t size)
{
	return admit(__builtin_return_address(0)) ? take(size, __builtin_return_address(0)) : NULL;
}

void *calloc(size_t items, size_t size)
{
	size_t total;
	void *block;

	if (!admit(__builtin_return_address(0)) || __builtin_mul_overflow(items, size, &total))
		return NULL;
	block = take(total, __builtin_return_address(0));
	return block ? memset(block, 0, total) : NULL;
}

void *realloc(void *block, size_t size)
{
	void *moved;

	if (!admit(__builtin_return_address(0)))
		return NULL;
	if (!block)
		return take(size, __builtin_return_address(0));
	if (!size) {
		free(block);
		return NULL;
	}
	moved = size < SIZE_MAX - MARGIN ? __libc_realloc(block, size + MARGIN) : NULL;
	if (moved && table)
		forget(block);
	return admitted(moved, size, __builtin_return_address(0));
}

void *reallocarray(void *block, size_t items, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(items, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(block, total);
}

void *memalign(size_t alignment, size_t size)
{
	return admit(__builtin_return_address(0)) ? admitted(__libc_memalign(alignment, size + MARGIN), size, __builtin_return_address(0)) : NULL;
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int posix_memalign(void **ret_block, size_t alignment, size_t size)
{
	void *block = memalign(alignment, size);

	if (!block)
		return ENOMEM;
	*ret_block = block;
	return 0;
}

void free(void *block)
{
	if (block && table)
		forget(block);
	__libc_free(block);
}

/* The search for lost blocks: what no root reaches, straight or through other blocks, is lost. */

static struct block *live; /* sorted by start */
static size_t live_count;
static uint32_t *unread;  /* blocks that were reached and not read yet */
static size_t unread_count;

static int by_start(const void *a, const void *b)
{
	uintptr_t x = ((const struct block *)a)->start, y = ((const struct block *)b)->start;

	return (x > y) - (x < y);
}

static struct block *block_at(uintptr_t address)
{
	size_t low = 0, high = live_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (live[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address >= live[low - 1].start + (live[low - 1].size ? live[low - 1].size : 1))
		return NULL;
	return &live[low - 1];
}

static void read_words(uintptr_t from, uintptr_t to, bool is_root)
{
	for (uintptr_t at = (from + 7) & ~(uintptr_t)7; at + sizeof(uintptr_t) <= to; at += sizeof(uintptr_t)) {
		struct block *around = is_root ? block_at(at) : NULL;
		struct block *target;

		if (around) {
			at = ((around->start + around->size) & ~(uintptr_t)7);
			continue;
		}
		target = block_at(*(const uintptr_t *)at);
		if (!target || target->is_reached)
			continue;
		target->is_reached = true;
		unread[unread_count++] = (uint32_t)(target - live);
	}
}

static bool is_ours(uintptr_t from)
{
	return from == (uintptr_t)table || from == (uintptr_t)live || from == (uintptr_t)unread;
}

/** Writable memory that is neither heap nor stack: variables of all libraries, thread-local ones. main() has returned;
 * what it left on the stack holds nothing any more. */
static void read_roots(void)
{
	static char maps[1 << 16];
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t got;
	char *line = maps;

	while (fd >= 0 && (got = read(fd, maps + used, sizeof(maps) - 1 - used)) > 0)
		used += (size_t)got;
	close(fd);
	maps[used] = '\0';
	for (char *next; *line; line = next) {
		unsigned long from, to;
		char mode[5];

		next = strchr(line, '\n');
		*next++ = '\0';
		if (sscanf(line, "%lx-%lx %4s", &from, &to, mode) != 3 || strncmp(mode, "rw", 2) || strstr(line, "[heap]") ||
		    strstr(line, "[stack]") || is_ours(from) || strstr(line, "interposer"))
			continue;
		read_words(from, to, true);
	}
}

static void find_lost(void)
{
	live = map_pages(BLOCKS_MAX * sizeof(*live));
	unread = map_pages(BLOCKS_MAX * sizeof(*unread));
	for (size_t i = 0; i < BLOCKS_MAX; i++)
		if (table[i].start)
			live[live_count++] = table[i];
	qsort(live, live_count, sizeof(*live), by_start);
	read_roots();
	while (unread_count) {
		const struct block *block = &live[unread[--unread_count]];

		read_words(block->start, block->start + block->size, false);
	}
}

__attribute__((destructor)) static void report(void)
{
	const char *path = getenv("ALLOC_REPORT");
	uint32_t total = count;
	int fd;

	is_inside = true;
	if (!table || !path)
		return;
	flush_sites();
	find_lost();
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	dprintf(fd, "count %u\nfailed %d\nthrown %d\n", total, is_failed, is_thrown);
	for (size_t i = 0; i < live_count; i++)
		if (!live[i].is_reached && live[i].number)
			dprintf(fd, "leak%s %u %zu\n", live[i].is_cxx ? "-cxx" : "", live[i].number, live[i].size);
	close(fd);
}

/* glibc's own loses a block when it runs out of memory, and the program goes on in the C locale. */
char *setlocale(int category, const char *locale)
{
	char *(*real)(int, const char *);
	void *found = dlsym(RTLD_NEXT, "setlocale");
	char *name;

	memcpy(&real, &found, sizeof(real));
	is_inside = true;
	name = real(category, locale);
	is_inside = false;
	return name;
}

/* OpenSSL would allocate through the program, and nobody could tell its blocks from others. After its first block it takes
 * no other allocator. */
static void keep_openssl_apart(void)
{
	OPENSSL_free(OPENSSL_malloc(1));
}

static int note_code(struct dl_phdr_info *library, size_t size, void *user)
{
	bool is_program = !*library->dlpi_name;
	bool is_cxx = strstr(library->dlpi_name, "libstdc++") != NULL;

	(void)size;
	(void)user;
	if (!is_program && !is_cxx && !strstr(library->dlpi_name, "libcrypto") && !strstr(library->dlpi_name, "libssl"))
		return 0;
	for (int i = 0; i < library->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &library->dlpi_phdr[i];
		struct range code = {.from = library->dlpi_addr + part->p_vaddr};

		code.to = code.from + part->p_memsz;
		if (part->p_type != PT_LOAD || !(part->p_flags & PF_X))
			continue;
		if (is_program && !program.to)
			program = code;
		else if (is_cxx)
			cxx = code;
		else if (!is_program && exempt_count < sizeof(exempt) / sizeof(exempt[0]))
			exempt[exempt_count++] = code;
	}
	return 0;
}

static uint32_t number_of(const char *name)
{
	const char *text = getenv(name);

	return text ? (uint32_t)strtoul(text, NULL, 10) : 0;
}

/* Counting begins here: what the loader and the libraries did before is over. */
__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("ALLOC_SITES");
	void *warm[4];

	keep_openssl_apart();
	dl_iterate_phdr(note_code, NULL);
	fail_at = number_of("ALLOC_FAIL");
	stack_at = number_of("ALLOC_STACK");
	if (path)
		sites_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (path || stack_at)
		(void)backtrace(warm, 4); /* loads what it needs now, not inside an allocation */
	table = map_pages(BLOCKS_MAX * sizeof(*table));
}
