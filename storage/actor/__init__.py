"""Who acts: agencies, accounts with roles and certificates, the links by which people come in, and sessions."""
