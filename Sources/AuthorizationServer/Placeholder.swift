enum AuthorizationServerPlaceholder {}
