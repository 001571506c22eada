/*
 * A disk that fails when it is told to, for one process and one file: put before libc by
 * LD_PRELOAD. faulty-disk.ts says what the words of the control file mean.
 *
 * Writes and syncs of the file are also written to a journal, in their order, as is what the process
 * says on standard output: what was on the disk at any instant can be made again from it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PASS, FAULTS, ERROR, WAY, CALLS, WORDS };
enum { BEFORE, AFTER, SHORT, KILL };
enum { WROTE = 1, SYNCED, WROTE_THROUGH, SAID };

static volatile int32_t *control;
static const char *file;
static int journal = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("FAULTY_DISK_CONTROL");
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *map = MAP_FAILED;

	if (fd >= 0)
		map = mmap(NULL, WORDS * sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return;
	control = map;
	file = getenv("FAULTY_DISK_FILE");
	path = getenv("FAULTY_DISK_JOURNAL");
	if (path != NULL)
		journal = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int is_ours(int fd)
{
	char link[32] = "/proc/self/fd/", path[PATH_MAX];
	char digits[12];
	int at = 0, end = 14;
	ssize_t length;

	if (control == NULL || file == NULL || fd < 3)
		return 0;
	do
		digits[at++] = '0' + fd % 10;
	while ((fd /= 10) > 0);
	while (at > 0)
		link[end++] = digits[--at];
	link[end] = 0;
	length = readlink(link, path, sizeof(path) - 1);
	if (length < 0)
		return 0;
	path[length] = 0;
	return strcmp(path, file) == 0;
}

/* What becomes of this call: -1 for nothing out of the ordinary. */
static int fault(void)
{
	int32_t left;

	control[CALLS]++;
	if (control[PASS] > 0) {
		control[PASS]--;
		return -1;
	}
	left = control[FAULTS];
	if (left == 0)
		return -1;
	if (left > 0)
		control[FAULTS] = left - 1;
	if (control[WAY] == KILL)
		raise(SIGKILL);
	return control[WAY];
}

static void note(uint32_t kind, uint64_t offset, const struct iovec *parts, int count, uint32_t length)
{
	struct { uint32_t kind, length; uint64_t offset; } head = { kind, length, offset };

	if (journal < 0)
		return;
	syscall(SYS_write, journal, &head, sizeof(head));
	for (int at = 0; at < count && length > 0; at++) {
		uint32_t part = parts[at].iov_len < length ? parts[at].iov_len : length;

		syscall(SYS_write, journal, parts[at].iov_base, part);
		length -= part;
	}
}

static ssize_t write_at(int fd, const struct iovec *parts, int count, off_t offset)
{
	int way, through;
	ssize_t written;

	pthread_mutex_lock(&lock);
	way = fault();
	through = (fcntl(fd, F_GETFL) & O_DSYNC) != 0;
	if (way == BEFORE) {
		errno = control[ERROR];
		written = -1;
	} else if (way == SHORT) {
		struct iovec half = { parts[0].iov_base, parts[0].iov_len / 2 };

		written = syscall(SYS_pwritev, fd, &half, 1, offset, 0);
	} else {
		written = syscall(SYS_pwritev, fd, parts, count, offset, 0);
	}
	if (written > 0)
		note(through ? WROTE_THROUGH : WROTE, offset, parts, count, written);
	if (way == AFTER) {
		errno = control[ERROR];
		written = -1;
	}
	pthread_mutex_unlock(&lock);
	return written;
}

static int sync_all(int fd)
{
	int result = 0, way;

	pthread_mutex_lock(&lock);
	way = fault();
	if (way == BEFORE || way == AFTER) {
		errno = control[ERROR];
		result = -1;
	} else {
		result = syscall(SYS_fdatasync, fd);
		note(SYNCED, 0, NULL, 0, 0);
	}
	pthread_mutex_unlock(&lock);
	return result;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset)
{
	struct iovec part = { (void *)bytes, length };

	return is_ours(fd) ? write_at(fd, &part, 1, offset)
			   : syscall(SYS_pwrite64, fd, bytes, length, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset)
{
	return pwrite64(fd, bytes, length, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	ssize_t written;

	if (!is_ours(fd))
		return syscall(SYS_writev, fd, parts, count);
	written = write_at(fd, parts, count, lseek(fd, 0, SEEK_CUR));
	if (written > 0)
		lseek(fd, written, SEEK_CUR);
	return written;
}

ssize_t write(int fd, const void *bytes, size_t length)
{
	struct iovec part = { (void *)bytes, length };

	if (control != NULL && fd == STDOUT_FILENO) {
		pthread_mutex_lock(&lock);
		note(SAID, 0, &part, 1, length);
		pthread_mutex_unlock(&lock);
	}
	return is_ours(fd) ? writev(fd, &part, 1) : syscall(SYS_write, fd, bytes, length);
}

int fdatasync(int fd)
{
	return is_ours(fd) ? sync_all(fd) : (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
	return is_ours(fd) ? sync_all(fd) : (int)syscall(SYS_fsync, fd);
}
