enum ResourceServerPlaceholder {}
