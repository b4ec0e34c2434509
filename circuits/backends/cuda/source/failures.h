// What is said of a call of CUDA or cuBLAS that failed, and what can be done about it where the circuit is not at fault.
#pragma once
#include <cublas_v2.h>
#include <cuda_runtime.h>

#include <stdexcept>
#include <string>

namespace recircuit {

// A call that failed; it is explained if the message says what to do.
struct Failure : std::runtime_error {
    bool explained;
    Failure(const std::string& message, bool explained) : std::runtime_error(message), explained(explained) {}
};

constexpr const char* memory_is_taken =
    "Other programs may hold memory of this GPU, each circuit that is open among them: nvidia-smi lists them. End some of them, "
    "take fewer batch elements, or choose another GPU by CUDA_VISIBLE_DEVICES";

// Returns what can be done about an error; nullptr if the circuit may be at fault.
inline const char* remedy(cudaError_t error) {
    switch (error) {
        case cudaErrorMemoryAllocation: return memory_is_taken;
        case cudaErrorInsufficientDriver:
        case cudaErrorUnsupportedPtxVersion:
            return "The driver is older than the CUDA toolkit. Update the driver, or name the folder of an older toolkit in CUDA_HOME";
        case cudaErrorDevicesUnavailable:
            return "Another program, which may be another circuit, has this GPU for itself, since the GPU is in an exclusive mode, "
                   "or no program may use it (prohibited mode). End that program, choose another GPU by CUDA_VISIBLE_DEVICES, or "
                   "ask the administrator for the default mode (nvidia-smi -c DEFAULT)";
        case cudaErrorNoKernelImageForDevice:
            return "The circuit was compiled for another GPU than the one that it has now. Set CUDA_VISIBLE_DEVICES before Python "
                   "starts, and start Python again";
        case cudaErrorLaunchTimeout:
            return "A GPU that shows a screen ends what takes some seconds. Take fewer batch elements, or a GPU without a screen";
        case cudaErrorECCUncorrectable: return "The memory of this GPU is damaged: use another GPU, and tell the administrator";
        case cudaErrorSystemNotReady:
            return "The GPUs of this machine need a service that does not run (nvidia-fabricmanager): ask the administrator to start it";
        default: return nullptr;
    }
}

inline const char* remedy(cublasStatus_t status) {
    return status == CUBLAS_STATUS_ALLOC_FAILED || status == CUBLAS_STATUS_NOT_INITIALIZED ? memory_is_taken : nullptr;
}

inline Failure failure(const char* what, const std::string& why, const char* advice, const char* file, int line) {
    const std::string place = std::string(file).substr(std::string(file).find_last_of('/') + 1);
    const std::string message = std::string(what) + ": " + why + " (" + place + ", line " + std::to_string(line) + ")";
    return {advice ? message + ". " + advice : message, advice != nullptr};
}

}  // namespace recircuit
