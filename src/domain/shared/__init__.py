"""Words every feature of the domain speaks: identifiers, refusals, events, checked values."""
