// Tells ThreadSanitizer about contended locks of `Synchronization.Mutex`, preloaded into a program built with it.
//
// A Mutex on Linux is a futex. Its fast path is compiled into our code and instrumented; its slow path, taken when two
// threads meet, stands in a library that is not. ThreadSanitizer then sees neither the hand-over of the lock nor the order
// that it gives, and reports a race for everything the lock guards. These two functions stand in front of the slow path
// and add what is missing. A program without ThreadSanitizer, such as a child in another language, is left alone.

#define _GNU_SOURCE
#include <dlfcn.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

extern void __tsan_acquire(void *) __attribute__((weak));
extern void __tsan_release(void *) __attribute__((weak));

SWIFT void lock_slow(unsigned thread, SELF void *handle) __asm__(LOCK);
SWIFT void unlock_slow(SELF void *handle) __asm__(UNLOCK);

SWIFT void lock_slow(unsigned thread, SELF void *handle) {
    ((SWIFT void (*)(unsigned, SELF void *))dlsym(RTLD_NEXT, LOCK))(thread, handle);
    if (__tsan_acquire) __tsan_acquire(handle);
}

SWIFT void unlock_slow(SELF void *handle) {
    if (__tsan_release) __tsan_release(handle);
    ((SWIFT void (*)(SELF void *))dlsym(RTLD_NEXT, UNLOCK))(handle);
}
