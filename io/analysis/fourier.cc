/* The one C++ source: kissfft's template in double precision behind the C interface of fourier.h. Nothing thrown leaves
 * it. */
extern "C" {
#include "io/analysis/fourier.h"
}

#include <kissfft.hh>

#include <new>

struct hm_fourier {
    size_t half;
    kissfft<double> plan;
    explicit hm_fourier(size_t size) : half(size / 2), plan(size / 2, false) {}
};

extern "C" enum hm_status hm_fourier_create(size_t size, struct hm_fourier **fourier)
{
    *fourier = nullptr;
    if (size < 2 || size % 2 != 0)
        return hm_fail(HM_BAD_USAGE, "a transform of a real series needs an even size, not %zu", size);
    try {
        *fourier = new hm_fourier(size);
    } catch (const std::bad_alloc &) {
        return hm_fail(HM_OUT_OF_MEMORY, "out of memory: a Fourier transform of %zu values", size);
    }
    return HM_OK;
}

extern "C" void hm_fourier_destroy(struct hm_fourier **fourier)
{
    delete *fourier;
    *fourier = nullptr;
}

/* The last value of the half that is kept comes beside the first one. */
extern "C" void hm_fourier_real(const struct hm_fourier *fourier, const double *in, struct hm_complex *out)
{
    fourier->plan.transform_real(in, reinterpret_cast<std::complex<double> *>(out));
    out[fourier->half] = {out[0].im, 0.0};
    out[0].im = 0.0;
}
