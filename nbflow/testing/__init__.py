"""What tests of workflows and of backends use."""
