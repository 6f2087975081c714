"""The tests: values are frozen at run time as well here, which the router leaves to the type checker."""

import dataclasses

import router.core.value

router.core.value.dataclass = dataclasses.dataclass
