// ParleyServer
