# What the rooms link to, found in one place; every message says what to install.

find_package(PkgConfig REQUIRED)

function(hamlet_require prefix module package)
  pkg_check_modules(${prefix} QUIET IMPORTED_TARGET GLOBAL ${module})
  if(NOT ${prefix}_FOUND)
    message(FATAL_ERROR "${module} was not found by pkg-config: install ${package} "
                        "(or let ./hamlet install what is missing).")
  endif()
  message(STATUS "Found ${module} ${${prefix}_VERSION}")
endfunction()

# The plain module name `hdf5` may be an MPI flavour, so the serial one is asked for by name.
hamlet_require(HDF5 hdf5-serial libhdf5-dev)
hamlet_require(YAML yaml-0.1 libyaml-dev)
hamlet_require(KISSFFT kissfft-float libkissfft-dev)
hamlet_require(ZLIB zlib zlib1g-dev)
hamlet_require(OPENBLAS openblas libopenblas-dev)
hamlet_require(XTB xtb libxtb-dev)
hamlet_require(XC libxc libxc-dev)
if(HAMLET_TESTS)
  hamlet_require(CUNIT cunit libcunit1-dev)
endif()

# liblbfgs has no module of its own for pkg-config.
find_path(LBFGS_INCLUDE lbfgs.h)
find_library(LBFGS_LIBRARY lbfgs)
if(NOT LBFGS_INCLUDE OR NOT LBFGS_LIBRARY)
  message(FATAL_ERROR "lbfgs.h or the library was not found: install liblbfgs-dev (or let ./hamlet install what is missing).")
endif()

include(CheckCSourceCompiles)
include(CMakePushCheckState)
cmake_push_check_state(RESET)
set(CMAKE_REQUIRED_LIBRARIES PkgConfig::HDF5)
check_c_source_compiles("#include <H5public.h>
#ifdef H5_HAVE_PARALLEL
#error parallel
#endif
int main(void) { return 0; }" HAMLET_HDF5_IS_SERIAL)
cmake_pop_check_state()
if(NOT HAMLET_HDF5_IS_SERIAL)
  message(FATAL_ERROR "hdf5-serial does not compile as a serial HDF5 (H5_HAVE_PARALLEL is defined, or H5public.h is "
                      "missing). Hamlet writes from one rank and needs the serial flavour: install libhdf5-dev.")
endif()

# -DMPI_EXECUTABLE_SUFFIX=.mpich switches the compiler wrapper and the launcher together.
find_package(MPI QUIET COMPONENTS C)
if(NOT MPI_C_FOUND)
  message(FATAL_ERROR "No MPI for C was found (mpicc${MPI_EXECUTABLE_SUFFIX}): install openmpi-bin libopenmpi-dev, or mpich "
                      "libmpich-dev with -DMPI_EXECUTABLE_SUFFIX=.mpich.")
endif()
if(NOT MPIEXEC_EXECUTABLE)
  message(FATAL_ERROR "No MPI launcher was found (mpiexec${MPI_EXECUTABLE_SUFFIX}): install openmpi-bin or mpich.")
endif()
message(STATUS "Found MPI ${MPI_C_VERSION}: ${MPI_C_COMPILER}, ${MPIEXEC_EXECUTABLE}")

# Plots over time on the page of a report; its minified file goes into the program.
find_path(HAMLET_DYGRAPHS dygraph.min.js PATHS /usr/share/javascript/dygraphs /usr/local/share/javascript/dygraphs
          NO_DEFAULT_PATH DOC "Folder with dygraph.min.js and dygraph.min.css")
if(NOT HAMLET_DYGRAPHS OR NOT EXISTS "${HAMLET_DYGRAPHS}/dygraph.min.css")
  message(FATAL_ERROR "dygraph.min.js and dygraph.min.css were not found: install libjs-dygraphs, or set HAMLET_DYGRAPHS "
                      "to the folder that holds them (dygraphs.com, version 2).")
endif()
message(STATUS "Found dygraphs: ${HAMLET_DYGRAPHS}")
