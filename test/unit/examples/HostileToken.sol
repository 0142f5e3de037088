// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// A token that does what tokens do in the wild, and worse.
contract HostileToken {
    enum Habit {
        Honest,
        ReturnsNothing,
        ReturnsFalse,
        KeepsAPart,
        ReturnsAMegabyte,
        CallsBack
    }

    Habit public habit;
    address private _target;
    bytes private _call;
    bytes public refusal;
    mapping(address account => uint256) public balanceOf;
    mapping(address owner => mapping(address spender => uint256)) public allowance;

    function mint(address account, uint256 amount) external {
        balanceOf[account] += amount;
    }

    function setHabit(Habit newHabit) external {
        habit = newHabit;
    }

    /// What it calls in the middle of each transfer.
    function callBack(address target, bytes calldata data) external {
        (habit, _target, _call) = (Habit.CallsBack, target, data);
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        return _transfer(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        allowance[from][msg.sender] -= amount;
        return _transfer(from, to, amount);
    }

    function _transfer(address from, address to, uint256 amount) private returns (bool) {
        if (habit == Habit.ReturnsFalse) return false;
        balanceOf[from] -= amount;
        balanceOf[to] += habit == Habit.KeepsAPart ? amount - amount / 100 : amount;
        if (habit == Habit.CallsBack) {
            (bool success, bytes memory reason) = _target.call(_call);
            require(!success, "re-entered");
            refusal = reason;
        }
        if (habit == Habit.ReturnsNothing) {
            assembly {
                return(0, 0)
            }
        }
        if (habit == Habit.ReturnsAMegabyte) {
            assembly {
                mstore(0, 1)
                return(0, 1000000)
            }
        }
        return true;
    }
}
