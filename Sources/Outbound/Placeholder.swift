enum OutboundPlaceholder {}
