"""Adapters to model servers, one file per wire, over one transport seam."""
