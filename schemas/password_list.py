"""Words of which passwords are made that are guessed first. Made by us, from habits that are known; no list was copied.

Folded as `schemas.password` folds what is typed: lower case, look-alikes as letters, nothing but letters and Chinese
characters. A password is known where nothing but such a word is left of it, repeated or with digits around it.
"""

KNOWN = frozenset(
    {
        "password", "passwd", "pass", "passw", "passwort", "motdepasse", "contrasena", "secret",
        "secretword", "geheim", "mima", "wodemima", "mymima", "mypass", "mypassword", "newpassword",
        "oldpassword", "defaultpassword", "changeme", "changemenow", "changeit", "letmein", "letmeinnow",
        "welcome", "welcomeback", "hello", "helloworld", "hi", "login", "loginnow", "logon", "user",
        "username", "guest", "test", "tester", "testing", "testtest", "testuser", "demo", "demodemo",
        "example", "sample", "default", "temp", "temporary", "initial", "first", "root", "toor",
        "superuser", "super", "admin", "admins", "administrator", "adminadmin", "sysadmin", "sysop",
        "system", "operator", "manager", "master", "owner", "server", "service", "support", "oracle",
        "mysql", "postgres", "redis", "docker", "ubuntu", "linux", "windows", "microsoft", "huawei",
        "xiaomi", "tencent", "alibaba", "baidu", "wechat", "weixin", "qq", "taobao", "google", "android",
        "iphone", "apple", "computer", "internet", "qwer", "qwert", "qwerty", "qwertyu", "qwertyui",
        "qwertyuio", "qwertyuiop", "asdf", "asdfg", "asdfgh", "asdfghjkl", "zxcv", "zxcvb", "zxcvbn",
        "zxcvbnm", "qazwsx", "qazwsxedc", "qazwsxedcrfv", "wsxedc", "rfvtgb", "qweasd", "qweasdzxc",
        "asdzxc", "poiuyt", "lkjhgf", "mnbvcxz", "abc", "abcd", "abcde", "abcdef", "abcdefg", "abcdefgh",
        "abcdefghijkl", "abcabc", "aaa", "iloveyou", "iloveu", "loveyou", "love", "lover", "woaini",
        "woaiwojia", "woaizhongguo", "wo", "aini", "princess", "sunshine", "dragon", "monkey", "tiger",
        "football", "baseball", "superman", "batman", "shadow", "michael", "jordan", "killer", "freedom",
        "whatever", "trustno", "trustnoone", "starwars", "pokemon", "flower", "summer", "winter", "spring",
        "autumn", "monday", "friday", "january", "december", "china", "zhongguo", "beijing", "shanghai",
        "jiangsu", "nanjing", "yancheng", "yandu", "woshi", "nihao", "woshishui", "laopo", "laogong",
        "baobao", "mama", "baba", "wangyut", "zhang", "wang", "li", "zhao", "chen", "liu", "yang", "huang",
        "zhou", "quancheng", "zhifa", "zhifajilu", "xingzhengzhifa", "chengguan", "sifaju", "jiaotong",
        "guanliyuan", "chaojiguanliyuan", "zhifarenyuan", "zhengfu", "ceshi", "ceshizhanghao", "xitong",
        "gongan", "fazhi", "jiandu", "密码", "口令", "我的密码", "管理员", "系统管理员", "超级管理员",
        "测试", "测试账号", "你好",
        "我爱你", "中国", "江苏", "盐城", "盐都", "北京", "上海", "南京", "全程", "执法", "执法记录",
        "行政执法", "执法全过程记录",
        "行政执法全过程记录", "城管", "司法局", "综合执法", "法制审核", "交通运输",
    }
)  # fmt: skip
