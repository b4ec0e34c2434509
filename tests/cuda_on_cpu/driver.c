// As much of the CUDA driver as is asked before anything is built: one GPU, none (CUDA_ON_CPU_STATUS=100), or several (CUDA_ON_CPU_COUNT). To be built
// as libcuda.so.1.
#include <stdlib.h>
#include <string.h>

int cuInit(unsigned flags) {
    const char *status = getenv("CUDA_ON_CPU_STATUS");
    return status ? atoi(status) : 0;
}
int cuDriverGetVersion(int *version) { return *version = 13010, 0; }
int cuDeviceGetCount(int *count) {
    const char *given = getenv("CUDA_ON_CPU_COUNT");
    return *count = given ? atoi(given) : 1, 0;
}
int cuDeviceGet(int *device, int which) {
    int count;
    cuDeviceGetCount(&count);
    return *device = which, which < count ? 0 : 101;
}
int cuDeviceGetName(char *name, int size, int device) {
    return strncpy(name, "Stand-in 9000", size), 0;
}
int cuDeviceGetAttribute(int *value, int what, int device) { return *value = what == 75 ? 9 : 0, 0; }
int cuDeviceTotalMem_v2(size_t *bytes, int device) { return *bytes = 2ul << 30, 0; }
int cuGetErrorString(int status, const char **text) { return *text = "driver and library do not match", 0; }
