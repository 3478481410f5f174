"""Tests of one piece or one promise each, without kernels, browsers or processes."""
