// A power cut for one process, preloaded into it: what it wrote to files of one folder and did not sync is lost.
//
//   POWERCUT_FOLDER  the folder; files outside of it, and SQLite's -shm, which is rebuilt, are left alone
//   POWERCUT_AFTER   the cut comes in place of this write or sync, counted from 1
//   POWERCUT_SEED    decides which of the unsynced sectors had reached the disk by themselves
//   POWERCUT_LIAR    when set, a sync of a write-ahead log is answered and not done
//
// For each 512-byte sector that is written, the bytes that were last synced are kept until the next sync. The cut puts
// half of them back, cuts the file to its synced length or leaves its new length with zeros where nothing had arrived, and kills
// the process while every other thread waits for the lock. Not simulated: lost directory entries, lost truncations,
// sectors that are torn themselves, memory-mapped writes (SQLite's database file is not mapped here).

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { sectorSize = 512, fileLimit = 64 };

typedef struct Sector {
    struct Sector *next;
    off_t start;
    char synced[sectorSize];
} Sector;

typedef struct {
    dev_t device;
    ino_t inode;
    int descriptor;  // our own, never closed: closing any descriptor of a file drops the process's locks on it
    int isLog;
    off_t syncedLength;
    Sector *unsynced;
} File;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static File files[fileLimit];
static int fileCount;
static long calls;
static uint64_t dice;

static ssize_t (*realPwrite)(int, const void *, size_t, off_t);
static ssize_t (*realWrite)(int, const void *, size_t);
static int (*realFdatasync)(int);
static int (*realFsync)(int);
static int (*realFtruncate)(int, off_t);

static void *original(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

__attribute__((constructor)) static void begin(void) {
    realPwrite = original("pwrite64");
    realWrite = original("write");
    realFdatasync = original("fdatasync");
    realFsync = original("fsync");
    realFtruncate = original("ftruncate64");
    const char *seed = getenv("POWERCUT_SEED");
    if (seed) dice = strtoull(seed, NULL, 10);
}

// SplitMix64.
static uint64_t roll(void) {
    uint64_t value = (dice += 0x9E3779B97F4A7C15);
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
    return value ^ (value >> 31);
}

static int endsWith(const char *text, const char *end) {
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

// The file behind a descriptor, or NULL when it is none of ours.
static File *fileOf(int descriptor) {
    const char *folder = getenv("POWERCUT_FOLDER");
    struct stat status;
    if (!folder || fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return NULL;
    for (int index = 0; index < fileCount; index++)
        if (files[index].inode == status.st_ino && files[index].device == status.st_dev) return &files[index];
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return NULL;
    path[length] = 0;
    if (strncmp(path, folder, strlen(folder)) != 0 || endsWith(path, "-shm")) return NULL;
    int own = open(path, O_RDWR | O_CLOEXEC);
    if (own < 0 || fileCount == fileLimit) abort();
    files[fileCount] = (File){.device = status.st_dev, .inode = status.st_ino, .descriptor = own,
                              .isLog = endsWith(path, "-wal"), .syncedLength = status.st_size};
    return &files[fileCount++];
}

static void forget(File *file, off_t from) {
    for (Sector **place = &file->unsynced; *place;) {
        Sector *sector = *place;
        if (sector->start < from) {
            place = &sector->next;
            continue;
        }
        *place = sector->next;
        free(sector);
    }
}

static void keep(File *file, off_t start) {
    for (Sector *known = file->unsynced; known; known = known->next)
        if (known->start == start) return;
    Sector *sector = calloc(1, sizeof *sector);
    if (!sector) abort();
    sector->start = start;
    // Past the end nothing is read, and zeros are what a disk shows where nothing has arrived.
    if (start < file->syncedLength && pread(file->descriptor, sector->synced, sectorSize, start) < 0) abort();
    sector->next = file->unsynced;
    file->unsynced = sector;
}

static void cut(void) {
    for (int index = 0; index < fileCount; index++) {
        File *file = &files[index];
        struct stat status;
        if (fstat(file->descriptor, &status) != 0) abort();
        off_t length = status.st_size;
        if (length > file->syncedLength && roll() % 2) length = file->syncedLength;
        for (Sector *sector = file->unsynced; sector; sector = sector->next) {
            if (roll() % 2) continue;
            if (realPwrite(file->descriptor, sector->synced, sectorSize, sector->start) != sectorSize) abort();
        }
        if (realFtruncate(file->descriptor, length) != 0) abort();
    }
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

// Counts a call, and lets the power fail in its place when it is the one.
static void count(void) {
    const char *after = getenv("POWERCUT_AFTER");
    calls++;
    if (after && calls == atol(after)) cut();
}

static File *enter(int descriptor) {
    int before = errno;
    pthread_mutex_lock(&lock);
    File *file = fileOf(descriptor);
    if (file) count();
    errno = before;
    return file;
}

static void keepAll(File *file, off_t offset, size_t size) {
    for (off_t start = offset / sectorSize * sectorSize; start < offset + (off_t)size; start += sectorSize)
        keep(file, start);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off_t offset) {
    File *file = enter(descriptor);
    if (file) keepAll(file, offset, size);
    ssize_t written = realPwrite(descriptor, bytes, size, offset);
    pthread_mutex_unlock(&lock);
    return written;
}

ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t offset) {
    return pwrite64(descriptor, bytes, size, offset);
}

ssize_t write(int descriptor, const void *bytes, size_t size) {
    struct stat status;
    // Sockets and pipes may block, and have nothing to lose.
    if (!realWrite) begin();  // somebody's constructor ran before ours
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return realWrite(descriptor, bytes, size);
    File *file = enter(descriptor);
    if (file) keepAll(file, lseek(descriptor, 0, SEEK_CUR), size);
    ssize_t written = realWrite(descriptor, bytes, size);
    pthread_mutex_unlock(&lock);
    return written;
}

static int synced(int descriptor, int (*sync)(int)) {
    File *file = enter(descriptor);
    int result = 0;
    if (!file || !file->isLog || !getenv("POWERCUT_LIAR")) {
        result = sync(descriptor);
        struct stat status;
        if (file && result == 0 && fstat(descriptor, &status) == 0) {
            forget(file, 0);
            file->syncedLength = status.st_size;
        }
    }
    pthread_mutex_unlock(&lock);
    return result;
}

int fdatasync(int descriptor) { return synced(descriptor, realFdatasync); }
int fsync(int descriptor) { return synced(descriptor, realFsync); }

int ftruncate64(int descriptor, off_t length) {
    File *file = enter(descriptor);
    int result = realFtruncate(descriptor, length);
    if (file && result == 0) {
        forget(file, length);
        if (length < file->syncedLength) file->syncedLength = length;
    }
    pthread_mutex_unlock(&lock);
    return result;
}

int ftruncate(int descriptor, off_t length) { return ftruncate64(descriptor, length); }
